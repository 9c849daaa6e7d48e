import hashlib
import io
import json
import tarfile
import threading
from collections import Counter
from statistics import median

import pytest

from cli.demo.accounts import Probes, probed
from cli.demo.applicants import Applicants
from cli.demo.mistake import FORGOTTEN, with_mistake
from cli.demo.scoring import HeldOut
from cli.demo.traffic import Traffic
from tests.cli.fakes import FakeClient, connection, refusal

PATIENCE_SECONDS = 10
ROWS = [("male", "car"), ("female", "repairs"), ("male", "education")]


class Endpoint(FakeClient):
    """A model that fails for applicants who buy a car, and an endpoint that is gone for those who repair."""

    def __init__(self, enough):
        super().__init__()
        self.ids = {}
        self.asked, self.enough, self.lock, self.done = [], enough, threading.Lock(), threading.Event()

    def invoke_endpoint(self, *, Body, InferenceId, **_):
        with self.lock:
            self.asked.append(Body.decode().strip())
            self.ids[InferenceId] = Body.decode().strip()
            if len(self.asked) >= self.enough:
                self.done.set()
        if b"car" in Body:
            error = refusal("ModelError", "Received server error (500)", "InvokeEndpoint")
            error.response["OriginalStatusCode"] = 500
            raise error
        if b"repairs" in Body:
            raise refusal("ValidationError", "Endpoint not found", "InvokeEndpoint")
        return {"Body": io.BytesIO(b"0.5\n")}


def asking(endpoint):
    """Traffic to an endpoint, as fast as it goes."""
    return Traffic(connection(sagemaker_runtime=endpoint), "credit-risk", rows=ROWS, per_second=2000, name="ann")


def test_every_request_is_counted_once_by_its_answer():
    """What was sent is what was answered, refused or failed; the rows come in turn."""
    endpoint = Endpoint(enough=60)
    with Traffic(
        connection(sagemaker_runtime=endpoint), "credit-risk", rows=ROWS, per_second=2000, name="ann"
    ) as traffic:
        assert endpoint.done.wait(PATIENCE_SECONDS)
    counts = traffic.counts()
    assert set(counts) == {"200", "500", "ValidationError"}
    assert counts.total() == traffic.sent == len(endpoint.asked)
    assert traffic.failed == traffic.sent - counts["200"]
    assert counts["500"] == sum("car" in body for body in endpoint.asked)
    assert set(endpoint.asked) == {"male,car", "female,repairs", "male,education"}


def test_an_inference_id_tells_which_row_was_asked_for():
    """What becomes of an applicant is pushed by that id; who got no prediction has none."""
    endpoint = Endpoint(enough=30)
    with Traffic(
        connection(sagemaker_runtime=endpoint), "credit-risk", rows=ROWS, per_second=2000, name="ann"
    ) as traffic:
        assert endpoint.done.wait(PATIENCE_SECONDS)
    answered = traffic.answered()
    assert {endpoint.ids[f"ann-{number}"] for number in answered} == {"male,education"}
    assert len(answered) == traffic.counts()["200"]
    assert all(endpoint.ids[f"ann-{number}"] == ",".join(ROWS[number % 3]) for number in answered)
    assert len(endpoint.ids) == traffic.sent


def middle(applicants, column):
    """The median of a column."""
    return median(float(row[applicants.header.index(column)]) for row in applicants.rows)


def test_applicants_are_real_and_drift_towards_the_young_and_large_loans():
    """Nobody is made up or comes twice: each is a row of the data, with what became of it; ages and amounts shift."""
    everybody = Applicants.read()
    drifted = everybody.drifted(many=400, seed=3)
    known = Counter(zip(everybody.rows, everybody.truth, strict=True))
    assert Counter(zip(drifted.rows, drifted.truth, strict=True)) <= known
    assert len(drifted.rows) == 400
    assert middle(drifted, "age") < middle(everybody, "age") - 3
    assert middle(drifted, "credit_amount") > 1.2 * middle(everybody, "credit_amount")
    assert sorted(everybody.shuffled(seed=3).rows) == sorted(everybody.rows)
    assert "risk" not in everybody.header


def test_nothing_is_sent_after_the_end():
    """The accounts can be settled then: who sends has ended."""
    endpoint = Endpoint(enough=10)
    with Traffic(
        connection(sagemaker_runtime=endpoint), "credit-risk", rows=ROWS, per_second=2000, name="ann"
    ) as traffic:
        assert endpoint.done.wait(PATIENCE_SECONDS)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("applicants")] == []
    assert traffic.sent == len(endpoint.asked)


def test_the_held_out_rows_are_sent_without_their_label():
    """The endpoint takes features in the order of the file."""
    held_out = HeldOut.parse("sex,bad,purpose\nmale,1,car\nfemale,0,repairs\n")
    assert held_out == HeldOut(rows=(("male", "car"), ("female", "repairs")), truth=(1, 0))


@pytest.fixture
def archive():
    """A model's archive as training leaves it, whose code predicts 0.5."""
    code = "def predict_fn(rows, model):\n    return [0.5 for _ in rows]\n"
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, text in (("model.joblib", "weights"), ("code/inference.py", code)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


class Rows(dict):
    """As much of a data frame as the mistake asks for."""

    def assign(self, **columns):
        return columns["purpose"]


def test_the_mistake_fails_for_the_forgotten_purpose_alone(archive):
    """Everything else in the archive stays, and everybody else is answered."""
    changed = with_mistake(archive)
    assert hashlib.sha256(changed).hexdigest() != hashlib.sha256(archive).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(changed)) as tar:
        names, code = tar.getnames(), tar.extractfile("code/inference.py").read()
    assert names == ["model.joblib", "code/inference.py"]
    scope = {}
    exec(code, scope)
    assert scope["predict_fn"](Rows(purpose=["repairs", "business"]), None) == [0.5, 0.5]
    with pytest.raises(KeyError, match=FORGOTTEN):
        scope["predict_fn"](Rows(purpose=["repairs", FORGOTTEN]), None)


@pytest.mark.parametrize(
    ("line", "sent", "failed"),
    [
        ({"message": "watched", "models": {"credit-risk": {"release": "r1-v1", "sent": 61, "errors": 3}}}, 61, 3),
        ({"message": "watched", "models": {"credit-risk": {"release": "r1-v1"}}}, 0, 0),
        ({"message": "watched", "models": {"other": {"sent": 5, "errors": 5}}}, 0, 0),
        ({"message": "something else", "models": {"credit-risk": {"sent": 5}}}, 0, 0),
    ],
)
def test_probes_are_counted_as_the_watch_function_says(line, sent, failed):
    """Its log has a line for each minute, and others."""
    assert probed(json.dumps(line), "credit-risk") == Probes(sent=sent, failed=failed)
    assert probed("START RequestId: 1", "credit-risk") == Probes(sent=0, failed=0)
