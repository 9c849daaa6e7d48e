import json
import threading
from datetime import timedelta

import pytest

from local.delivery import Trouble
from local.errors import AwsError
from local.events import Events
from local.front import Family
from tests.local import trust

ACCOUNT, REGION = "123456789012", "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
PATTERN = json.dumps({"source": ["aws.sagemaker"]})
TEN_SECONDS = 10.0


class FakeFunctions:
    """Lambda as a rule meets it: a policy, and a function that takes events or is throttled."""

    def __init__(self, services):
        self.statements = [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:*"}]
        self.exists = True
        self.throttles = 0
        self.taken = []
        self.threads = []

    def families(self):
        handlers = {"GetPolicy": self._policy, "GetFunctionConfiguration": self._find, "Invoke": self._invoke}
        return [Family("lambda", handlers)]

    def close(self):
        pass

    def _policy(self, params, call):
        return {"Policy": json.dumps({"Statement": self.statements})}

    def _find(self, params, call):
        if not self.exists:
            raise AwsError("ResourceNotFoundException", "Function not found", status=404)
        return {"FunctionName": "f"}

    def _invoke(self, params, call):
        if self.throttles:
            self.throttles -= 1
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", status=429)
        self.taken.append((params["InvocationType"], json.loads(params["Payload"])))
        self.threads.append(threading.current_thread().name)
        return {"StatusCode": 202}


class FakePipelines:
    """SageMaker as a rule meets it."""

    def __init__(self, services):
        self.started = []

    def families(self):
        return [Family("sagemaker", {"StartPipelineExecution": self._start})]

    def close(self):
        pass

    def _start(self, params, call):
        self.started.append((params["PipelineName"], params.get("PipelineParameters")))
        return {"PipelineExecutionArn": "arn"}


@pytest.fixture
def cloud(small_cloud, stepped_clock):
    """EventBridge and its fake neighbours, on a stepped clock, with the rule `r`."""
    made = small_cloud(Events, FakeFunctions, FakePipelines, clock=stepped_clock)
    made.events, made.functions, made.pipelines = made.parts
    made.client("events").put_rule(Name="r", EventPattern=PATTERN)
    return made


def aim(cloud, arn, **more):
    """Let the rule `r` send to a target."""
    cloud.client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, **more}])


def emit(cloud, **detail):
    """One event of SageMaker, tried once."""
    cloud.events.emit("aws.sagemaker", "Change", detail, resources=["arn:one"])
    assert cloud.events.resting(TEN_SECONDS)


def queue(cloud, name="q", *, open_to_events=True):
    """URL and ARN of a queue whose policy lets EventBridge in, or has no policy."""
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    attributes = {"Policy": json.dumps({"Statement": [{**allow, "Resource": "*"}]})} if open_to_events else {}
    url = cloud.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def letters(cloud, url):
    """Body and attributes of every message in a queue."""
    found = cloud.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
    return [
        (json.loads(m["Body"]), {name: a["StringValue"] for name, a in m.get("MessageAttributes", {}).items()})
        for m in found.get("Messages", [])
    ]


def test_a_function_is_invoked_asynchronously_with_the_event(cloud, stepped_clock):
    """In the envelope that AWS documents, on a thread that is not the caller's."""
    aim(cloud, FUNCTION)
    emit(cloud, ModelApprovalStatus="Approved")
    kind, event = cloud.functions.taken[0]
    assert kind == "Event"
    assert {name: value for name, value in event.items() if name != "id"} == {
        "version": "0",
        "detail-type": "Change",
        "source": "aws.sagemaker",
        "account": ACCOUNT,
        "time": stepped_clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": ["arn:one"],
        "detail": {"ModelApprovalStatus": "Approved"},
    }
    assert cloud.functions.threads[0].startswith("events-")


def test_an_event_that_does_not_fit_is_not_delivered(cloud):
    """Nor does a disabled rule deliver."""
    aim(cloud, FUNCTION)
    cloud.events.emit("aws.s3", "Change", {})
    cloud.client("events").disable_rule(Name="r")
    emit(cloud)
    assert cloud.functions.taken == []


def test_events_of_customers_are_delivered_too(cloud):
    """With their own time and resources, by the same rules."""
    cloud.client("events").put_rule(Name="mine", EventPattern='{"detail": {"n": [{"numeric": [">", 1]}]}}')
    cloud.client("events").put_targets(Rule="mine", Targets=[{"Id": "1", "Arn": FUNCTION}])
    entry = {"Source": "app", "DetailType": "t", "Time": "2026-03-01T12:00:00Z", "Resources": ["x"]}
    answer = cloud.client("events").put_events(Entries=[{**entry, "Detail": json.dumps({"n": n})} for n in (1, 2)])
    assert cloud.events.settled(TEN_SECONDS)
    [(_, event)] = cloud.functions.taken
    assert (event["id"], event["time"], event["resources"], event["detail"]) == (
        answer["Entries"][1]["EventId"],
        "2026-03-01T12:00:00Z",
        ["x"],
        {"n": 2},
    )


def test_a_target_gets_what_it_asks_for(cloud):
    """A part of the event, here."""
    aim(cloud, FUNCTION, InputPath="$.detail.model")
    emit(cloud, model={"name": "credit-risk"})
    assert cloud.functions.taken == [("Event", {"name": "credit-risk"})]


def test_a_queue_a_topic_a_pipeline_and_a_log_group_are_targets(cloud):
    """Each is called in its own way."""
    url, arn = queue(cloud)
    topic = cloud.client("sns").create_topic(Name="t")["TopicArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    policy = json.dumps({"Statement": [{**allow, "Resource": topic}]})
    cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue(cloud, "subscribed")[1])
    cloud.client("logs").create_log_group(logGroupName="/aws/events/all")
    trust.role(cloud.client("iam"), "r", "events")
    parameters = [{"Name": "InputData", "Value": "s3://bucket/key"}]
    pipeline = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/p"
    targets = [
        {"Arn": arn},
        {"Arn": topic},
        {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/all"},
        {"Arn": pipeline, "RoleArn": ROLE, "SageMakerPipelineParameters": {"PipelineParameterList": parameters}},
    ]
    cloud.client("events").put_targets(Rule="r", Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)])
    emit(cloud, n=1)
    assert letters(cloud, url)[0][0]["detail"] == {"n": 1}
    [(notification, _)] = letters(cloud, queue(cloud, "subscribed")[0])
    assert json.loads(notification["Message"])["detail"] == {"n": 1}
    assert cloud.events.settled(TEN_SECONDS)
    assert cloud.pipelines.started == [(pipeline, parameters)]
    assert cloud.asked_as("r") == ["sagemaker:StartPipelineExecution"]
    [line] = cloud.client("logs").filter_log_events(logGroupName="/aws/events/all")["events"]
    assert json.loads(line["message"])["detail"] == {"n": 1}


def test_a_function_that_does_not_admit_the_rule_is_not_invoked(cloud):
    """The event goes to the dead-letter queue at once, with the reason."""
    url, arn = queue(cloud, "letters")
    cloud.functions.statements = []
    aim(cloud, FUNCTION, DeadLetterConfig={"Arn": arn})
    emit(cloud, n=1)
    [(event, attributes)] = letters(cloud, url)
    assert cloud.functions.taken == []
    assert event["detail"] == {"n": 1}
    assert "does not allow lambda:InvokeFunction to events.amazonaws.com" in attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r",
        "TARGET_ARN": FUNCTION,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }


def test_a_target_that_is_gone_is_not_retried(cloud):
    """Nothing cures that."""
    url, arn = queue(cloud, "letters")
    cloud.functions.exists = False
    aim(cloud, FUNCTION, DeadLetterConfig={"Arn": arn})
    emit(cloud)
    assert letters(cloud, url)[0][1]["ERROR_CODE"] == "NO_RESOURCE"


def test_a_queue_that_does_not_admit_the_rule_gets_nothing(cloud, caplog):
    """Neither as a target nor as a dead-letter queue."""
    url, arn = queue(cloud, open_to_events=False)
    aim(cloud, arn, DeadLetterConfig={"Arn": arn})
    emit(cloud)
    assert letters(cloud, url) == []
    assert "refused an event" in caplog.text


def test_a_throttled_target_is_tried_again_later(cloud, stepped_clock):
    """After one second of the cloud's time, then after two."""
    cloud.functions.throttles = 2
    aim(cloud, FUNCTION)
    emit(cloud)
    for seconds in (1, 2):
        assert cloud.functions.taken == []
        assert not cloud.events.settled(0)
        stepped_clock.advance(timedelta(seconds=seconds))
        assert cloud.events.resting(TEN_SECONDS)
    assert len(cloud.functions.taken) == 1
    assert cloud.events.settled(0)


@pytest.mark.parametrize(
    ("policy", "condition"),
    [
        ({"MaximumRetryAttempts": 1}, "MaximumRetryAttempts"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds"),
    ],
)
def test_when_the_retry_policy_is_exhausted_the_event_is_buried(cloud, stepped_clock, policy, condition):
    """The letter says which limit ended it."""
    url, arn = queue(cloud, "letters")
    cloud.functions.throttles = 1000
    aim(cloud, FUNCTION, RetryPolicy=policy, DeadLetterConfig={"Arn": arn})
    emit(cloud)
    while not cloud.events.settled(0):
        stepped_clock.advance(timedelta(seconds=1))
        assert cloud.events.resting(TEN_SECONDS)
    assert letters(cloud, url)[0][1]["EXHAUSTED_RETRY_CONDITION"] == condition


def test_an_event_without_a_dead_letter_queue_is_dropped_in_the_open(cloud, caplog):
    """The log says so."""
    cloud.functions.exists = False
    aim(cloud, FUNCTION)
    emit(cloud)
    assert "is dropped: no dead-letter queue" in caplog.text


def test_a_bus_of_another_account_cannot_be_reached(cloud, caplog):
    """That is said, not hidden."""
    aim(cloud, f"arn:aws:events:{REGION}:210987654321:event-bus/default", RoleArn=ROLE)
    emit(cloud)
    assert "does not support delivery to" in caplog.text


def test_trouble_delivers_twice_and_out_of_order(small_cloud, stepped_clock):
    """As AWS may: at least once, in no order; the same seed gives the same disorder."""
    cloud = small_cloud(
        lambda services: Events(services, trouble=Trouble(copies=2, seed=1)), FakeFunctions, clock=stepped_clock
    )
    events, functions = cloud.parts
    cloud.client("events").put_rule(Name="r", EventPattern=PATTERN)
    aim(cloud, FUNCTION)
    for number in range(5):
        events.emit("aws.sagemaker", "Change", {"n": number})
    for _ in range(400):
        stepped_clock.advance(timedelta(seconds=0.005))
        assert events.resting(TEN_SECONDS)
    order = [event["detail"]["n"] for _, event in functions.taken]
    assert sorted(order) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert order != sorted(order)


def test_closing_ends_the_threads(small_cloud):
    """And what comes later is dropped."""
    cloud = small_cloud(Events, FakeFunctions)
    events, functions = cloud.parts
    cloud.client("events").put_rule(Name="r", EventPattern=PATTERN)
    aim(cloud, FUNCTION)
    events.emit("aws.sagemaker", "Change", {})
    assert events.settled(TEN_SECONDS)
    events.close()
    events.emit("aws.sagemaker", "Change", {})
    assert len(functions.taken) == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("events-")]


def test_an_event_that_is_not_json_is_refused_where_it_is_emitted(cloud):
    """A part that emits one learns it at once."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        cloud.events.emit("aws.sagemaker", "Change", {"at": object()})


def test_no_event_of_many_clients_is_lost(cloud):
    """Thirty-two threads emit at once."""
    aim(cloud, FUNCTION)
    threads = [
        threading.Thread(
            target=lambda n=n: [cloud.events.emit("aws.sagemaker", "C", {"n": n, "i": i}) for i in range(5)]
        )
        for n in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cloud.events.settled(60)
    assert len({(event["detail"]["n"], event["detail"]["i"]) for _, event in cloud.functions.taken}) == 160
