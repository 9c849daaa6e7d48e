import io
import json
import resource
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.exceptions import ClientError

from local.database import Database
from local.errors import SnapshotError
from local.front import Front
from local.journal import Journal
from local.moto.app import moto_app, reset_moto
from local.moto.snapshot import BodiesInMemory, dump, load
from local.seams import Seams
from local.transport import session
from tests.local import moto_scenes

REGION = "eu-west-1"
APP = moto_app()


class Moto:
    """moto's services over a state in a folder; `answers` are those to requests that were written down."""

    def __init__(self, folder, app=APP):
        self.database = Database(folder)
        self.journal = Journal(self.database)
        self.app, self.answers = app, []
        self.replayed = self.journal.replay(self._listening)
        self.front = Front([], fallback=self._listening, region=REGION, seams=Seams(journal=self))
        self.session = session(self.front, region=REGION)
        self.clients = {}
        self._written = True

    def run(self, asked, environ, app):
        self._written = asked.mutates
        return self.journal.run(asked, environ, app)

    def _listening(self, environ, start_response):
        chunks = [b"".join(self.app(environ, start_response))]
        if vars(self).get("_written", True):
            self.answers.append(chunks[0])
        return chunks

    def client(self, name):
        if name not in self.clients:
            self.clients[name] = self.session.client(name)
        return self.clients[name]

    def killed(self, app=APP):
        """What comes after a kill -9, which leaves the file alone."""
        folder = self.database.folder
        self.database.close()
        reset_moto()
        return Moto(folder, app)


@pytest.fixture
def moto(tmp_path, monkeypatch):
    """moto over an empty folder, without AWS's managed policies, which take a second to load."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    reset_moto()
    made = Moto(tmp_path)
    yield made
    made.database.close()
    reset_moto()


@pytest.mark.parametrize("service", moto_scenes.SCENES)
def test_what_a_service_held_before_a_kill_it_holds_after(service, moto):
    """Ids, times, contents, keys and receipts; and each request that is run again is answered byte for byte alike."""
    act, see = moto_scenes.SCENES[service]
    act(moto.client)
    seen, answers = moto_scenes.seen(see, moto.client), list(moto.answers)
    again = moto.killed()
    assert again.replayed > 0
    assert again.answers == answers[-again.replayed :]
    assert moto_scenes.seen(see, again.client) == seen
    # The same from what moto holds instead of what was asked of it, and with requests after that.
    again.journal.compact()
    last = again.killed()
    assert last.replayed == 0
    assert moto_scenes.seen(see, last.client) == seen
    last.killed().database.close()


def test_a_message_in_flight_is_deleted_by_the_receipt_from_before(moto):
    """Who received it may end its work after the restart."""
    url = moto.client("sqs").create_queue(QueueName="main")["QueueUrl"]
    moto.client("sqs").send_message(QueueUrl=url, MessageBody="work")
    receipt = moto.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    again = moto.killed()
    again.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=receipt)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = again.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    again.database.close()
    assert set(left.values()) == {"0"}


def test_a_request_that_failed_fails_again_and_harms_nobody(moto):
    """Neither AWS's errors nor a crash of moto's own keeps the cloud from starting."""
    with pytest.raises(ClientError):
        moto.client("sqs").send_message(QueueUrl="http://localhost/123456789012/nobody", MessageBody="x")

    def broken(environ, start_response):
        if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.CreateQueue":
            raise KeyError("a defect of moto's")
        return APP(environ, start_response)

    moto.app = broken
    moto.client("sqs").meta.events.register("needs-retry.*", lambda **_: False)
    with pytest.raises(ClientError, match="InternalFailure"):
        moto.client("sqs").create_queue(QueueName="broken")
    moto.client("sns").create_topic(Name="news")
    again = moto.killed(broken)
    topics = again.client("sns").list_topics()["Topics"]
    again.database.close()
    assert (again.replayed, len(topics)) == (3, 1)


def test_the_journal_begins_anew_when_running_it_again_would_take_long(moto):
    """A start takes about as long as the longest journal that is let grow, however many requests there were."""
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName="main")["QueueUrl"]
    moto.journal._replay_seconds = 60
    sqs.send_message(QueueUrl=url, MessageBody="before")
    sqs.send_message(QueueUrl=url, MessageBody="after")
    again = moto.killed()
    messages = again.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    again.database.close()
    assert again.replayed == 1
    assert [message["Body"] for message in messages] == ["before", "after"]


def test_a_journal_that_cannot_begin_anew_goes_on(moto):
    """Who asked is answered: the change is made and written down, and would be made twice by a second attempt."""
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName="main")["QueueUrl"]
    with moto.database.writing() as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON snapshots BEGIN SELECT RAISE(FAIL, 'no room'); END")
    moto.journal._replay_seconds = 60
    sqs.send_message(QueueUrl=url, MessageBody="one")
    sqs.send_message(QueueUrl=url, MessageBody="two")
    again = moto.killed()
    messages = again.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    again.database.close()
    assert [message["Body"] for message in messages] == ["one", "two"]


def test_bodies_are_kept_once_and_only_while_something_holds_them(moto):
    """An object that is put again takes no more room, and none once it is deleted and the journal has begun anew."""
    s3, body = moto.client("s3"), b"x" * 200_000
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("one", "two"):
        s3.put_object(Bucket="plain", Key=key, Body=body)
    counted = "SELECT count(*) FROM bodies"
    once = moto.database.rows(counted)
    moto.journal.compact()
    held = moto.database.rows(counted)
    s3.delete_objects(Bucket="plain", Delete={"Objects": [{"Key": "one"}, {"Key": "two"}]})
    moto.journal.compact()
    assert (once, held, moto.database.rows(counted)) == ([(1,)], [(1,)], [(0,)])


def test_services_of_which_nothing_is_proven_are_written_down_after_each_change(moto):
    """A certificate's pair of keys is made by chance, which no seed repeats."""
    arn = moto.client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
    made = moto.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    again = moto.killed()
    found = again.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    again.database.close()
    assert (again.replayed, found) == (0, made)


def test_nobody_is_told_twice_over_http(moto):
    """SNS told its subscriber when the message was published; a restart runs the request again and says nothing."""
    heard = []

    class Subscriber(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Message"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Subscriber)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    topic = moto.client("sns").create_topic(Name="news")["TopicArn"]
    endpoint = f"http://127.0.0.1:{server.server_port}/hear"
    moto.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
    moto.client("sns").publish(TopicArn=topic, Message="hello")
    again = moto.killed()
    server.shutdown()
    server.server_close()
    again.database.close()
    assert (again.replayed, heard) == (3, ["hello"])


def test_a_full_disk_refuses_a_change_before_moto_hears_of_it(moto):
    """The error is the service's own; reading goes on, and so does writing when there is room again."""
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.meta.events.register("needs-retry.*", lambda **_: False)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, unlimited[1]))
    try:
        with pytest.raises(ClientError, match="nothing more can be kept in") as refused:
            s3.put_object(Bucket="plain", Key="big", Body=io.BytesIO(b"x" * 4_000_000))
        assert "Contents" not in s3.list_objects_v2(Bucket="plain")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    s3.put_object(Bucket="plain", Key="small", Body=b"x")
    again = moto.killed()
    kept = [found["Key"] for found in again.client("s3").list_objects_v2(Bucket="plain")["Contents"]]
    again.database.close()
    assert (refused.value.response["ResponseMetadata"]["HTTPStatusCode"], kept) == (500, ["small"])


def test_what_cannot_be_written_down_is_named(moto):
    """The journal then goes on as it is; nothing is lost but time at the next start."""
    from moto.sqs.models import sqs_backends

    moto.client("sqs").create_queue(QueueName="main")
    sqs_backends["123456789012"][REGION].odd = (each for each in ())
    with pytest.raises(SnapshotError, match="generator"):
        dump(BodiesInMemory())
    moto.journal.compact()
    again = moto.killed()
    again.database.close()
    assert again.replayed == 1


def test_a_snapshot_holds_what_classes_count(moto):
    """Log events are numbered in moto's class, not in its backend."""
    act, see = moto_scenes.SCENES["logs"]
    act(moto.client)
    bodies = BodiesInMemory()
    snapshot = dump(bodies)
    seen = moto_scenes.seen(see, moto.client)
    reset_moto()
    load(snapshot.pickled, bodies)
    assert moto_scenes.seen(see, moto.client) == seen
