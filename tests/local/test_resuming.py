"""What was under way when a process was killed, taken up by the next one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from local.autoscaling import AutoScaling
from local.clock import Clock
from local.cloudwatch import CloudWatch
from local.delivery import Delivery
from local.events import Events
from local.functions import Functions
from local.scheduler import Scheduler
from local.state import State
from tests.local.autoscaling.conftest import PLACE, FakeEndpoint
from tests.local.conftest import REGION
from tests.local.functions.conftest import package

START = datetime(2031, 5, 6, 8, 0, 30, tzinfo=UTC)
TEN_SECONDS = 10.0
QUEUE = f"arn:aws:sqs:{REGION}:123456789012:heard"


class Life:
    """Parts over one folder, killed and begun again; moto, which has a journal of its own, goes on."""

    def __init__(self, small_cloud, folder, makers):
        self._make, self._folder, self._makers = small_cloud, folder, makers
        self._begin(START)

    def _begin(self, at):
        self.state = State.at(self._folder)
        self.clock = Clock(speed=0, start=at)
        self.cloud = self._make(*self._makers, clock=self.clock, state=self.state)
        self.parts = self.cloud.parts
        self.cloud.listen()

    def client(self, name):
        return self.cloud.client(name)

    def kill(self, *, down=timedelta()):
        """End it with nothing written any more, and begin again so much later."""
        now = self.clock.now()
        self.state.close()
        self.clock.close()
        for part in self.parts:
            part.close()
        self._begin(now + down)
        for part in self.parts:
            part.resume()

    def heard(self):
        """The bodies in the queue, which is emptied."""
        found = []
        while messages := self._receive():
            found += [message["Body"] for message in messages]
        return found

    def _receive(self):
        sqs = self.client("sqs")
        messages = sqs.receive_message(QueueUrl=self.queue(), MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.queue(), ReceiptHandle=message["ReceiptHandle"])
        return messages

    def queue(self):
        """The URL of the queue that targets send to, for whoever is asked."""
        allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
        attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
        return self.client("sqs").create_queue(QueueName="heard", Attributes=attributes)["QueueUrl"]

    def role(self, service):
        """A role that a service may assume."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam = self.client("iam")
        may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        arn = iam.create_role(RoleName="role", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        iam.put_role_policy(RoleName="role", PolicyName="all", PolicyDocument=json.dumps(may))
        return arn


@pytest.fixture
def lived(small_cloud, tmp_path):
    """Begins a life of some parts."""
    lives = []

    def live(*makers):
        lives.append(Life(small_cloud, tmp_path / "state", makers))
        return lives[-1]

    yield live
    for life in lives:
        life.state.close()


class Courier:
    """Delivers, or fails as often as it is told."""

    def __init__(self, failures=0):
        self.failures, self.sent = failures, []

    def send(self, parcel, *, attempt):
        if self.failures:
            self.failures -= 1
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "Send")
        self.sent.append((parcel["n"], attempt))


class Parcel(dict):
    target = {"Arn": "arn:aws:sqs:r:1:q"}  # noqa: RUF012 - what is pickled of a parcel is its items


def test_a_retry_comes_when_it_was_due_and_what_was_delivered_stays_delivered(tmp_path):
    """The pause before the retry goes on over the restart, and so does the count of attempts."""
    clock, state = Clock(speed=0, start=START), State.at(tmp_path)
    courier = Courier(failures=1)
    first = Delivery(state.table("events.undelivered"), clock, courier)
    first.send(Parcel(n=1))
    assert first.resting(TEN_SECONDS)
    first.send(Parcel(n=2))
    assert first.resting(TEN_SECONDS)
    state.close()
    first.close()
    state, courier = State.at(tmp_path), Courier()
    second = Delivery(state.table("events.undelivered"), clock, courier)
    second.resume()
    assert second.resting(TEN_SECONDS)
    assert courier.sent == []
    clock.advance(timedelta(seconds=1))
    assert second.settled(TEN_SECONDS)
    assert courier.sent == [(1, 2)]
    assert len(state.table("events.undelivered")) == 0
    second.close()
    state.close()


class Unsendable(Courier):
    """Has a client that finds a mistake before it sends anything."""

    def send(self, parcel, *, attempt):
        self.sent.append((parcel["n"], attempt))
        raise ParamValidationError(report="a text is too long")


def test_what_no_client_sends_is_given_up(tmp_path):
    """At the first attempt, and for good: no start finds it again."""
    state, courier = State.at(tmp_path), Unsendable()
    delivery = Delivery(state.table("events.undelivered"), Clock(speed=0, start=START), courier)
    delivery.send(Parcel(n=1))
    assert delivery.settled(TEN_SECONDS)
    assert (courier.sent, len(state.table("events.undelivered"))) == ([(1, 1)], 0)
    delivery.close()
    state.close()


def test_rules_go_on_in_their_rhythm_and_do_not_catch_up(lived):
    """A rate counts from when its rule was put; what came due while nothing ran is left out."""
    life = lived(Events)
    life.queue()
    life.client("events").put_rule(Name="r", ScheduleExpression="rate(5 minutes)", Tags=[{"Key": "a", "Value": "b"}])
    life.client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE, "Input": '"tick"'}])
    life.clock.advance(timedelta(minutes=3))
    before = life.client("events").describe_rule(Name="r")
    life.kill(down=timedelta(minutes=60))
    assert life.client("events").describe_rule(Name="r")["Arn"] == before["Arn"]
    life.clock.advance(timedelta(minutes=1, seconds=59))
    assert life.parts[0].resting(TEN_SECONDS)
    assert life.heard() == []
    life.clock.advance(timedelta(seconds=1))
    assert life.parts[0].resting(TEN_SECONDS)
    assert life.heard() == ['"tick"']


def test_a_schedule_of_one_time_takes_its_turn_late_and_once(lived):
    """A recurring one that missed its turns goes on with the next."""
    life = lived(Scheduler)
    life.queue()
    target = {"Arn": QUEUE, "RoleArn": life.role("scheduler.amazonaws.com")}
    scheduler = life.client("scheduler")
    for name, expression in (("once", "at(2031-05-06T08:30:00)"), ("often", "rate(1 hour)")):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={**target, "Input": name},
        )
    life.clock.advance(timedelta(seconds=2))
    assert life.parts[0].resting(TEN_SECONDS)
    assert life.heard() == ["often"]
    life.kill(down=timedelta(hours=5))
    assert life.parts[0].resting(TEN_SECONDS)
    assert life.heard() == ["once"]
    life.kill(down=timedelta(minutes=10))
    assert life.parts[0].resting(TEN_SECONDS)
    assert life.heard() == []
    life.clock.advance(timedelta(hours=1))
    assert life.parts[0].resting(TEN_SECONDS)
    assert life.heard() == ["often"]


def test_an_alarm_is_evaluated_by_data_from_before(lived):
    """Its state, its history and the data of many requests are there; what it had to say is said."""
    life = lived(CloudWatch)
    life.queue()
    sns = life.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "true"})
    cloudwatch = life.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="mine",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1500,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    for _ in range(10):
        data = [{"MetricName": "Errors", "Values": [1.0], "Counts": [200.0], "Timestamp": life.clock.now()}]
        cloudwatch.put_metric_data(Namespace="mine", MetricData=data)
    life.kill()
    life.clock.advance(timedelta(minutes=1))
    [alarm] = life.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], "2000.0" in alarm["StateReason"]) == ("ALARM", True)
    assert life.parts[0].resting(TEN_SECONDS)
    assert [json.loads(body)["NewStateValue"] for body in life.heard()] == ["ALARM"]
    history = life.client("cloudwatch").describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"]
    life.kill()
    assert life.client("cloudwatch").describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"] == history
    assert life.client("cloudwatch").describe_alarms()["MetricAlarms"] == [alarm]


def test_an_action_that_an_alarm_had_not_done_is_done(lived):
    """The state had changed, the topic had not been told."""
    life = lived(CloudWatch)
    life.queue()
    sns = life.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "true"})
    life.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="mine",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    life.parts[0].close()  # its thread does nothing any more
    life.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="x")
    assert life.heard() == []
    life.kill()
    assert life.parts[0].resting(TEN_SECONDS)
    assert len(life.heard()) == 1


def test_a_change_of_an_alarm_that_nobody_was_told_of_is_told(lived):
    """Its state was kept and nothing else, when the process ended."""
    life = lived(CloudWatch)
    rule = {"Namespace": "mine", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    rule |= {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch = life.client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="errors", **rule)
    cloudwatch.meta.events.register("needs-retry.*", lambda **_: False)

    def killed(*_, **__):
        life.state.close()
        raise OSError

    life.cloud.services.emit = killed
    with pytest.raises(ClientError, match="InternalFailure"):
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="x")
    life.kill()
    told = [detail["state"]["value"] for _, kind, detail in life.cloud.emitted if kind.endswith("State Change")]
    assert told == ["ALARM"]
    life.kill()
    assert life.cloud.emitted == []


def test_metric_data_of_many_requests_are_folded_and_all_there(lived):
    """More requests than are kept one by one, in several hours and units, and of high resolution."""
    life = lived(CloudWatch)
    part = life.parts[0]
    for number in range(2_500):
        at = START - timedelta(minutes=number % 100)
        part.record(
            "AWS/X", [{"MetricName": "M", "Value": 1.0, "Timestamp": at, "Unit": ("Count", "None")[number % 2]}]
        )
        part.record("AWS/X", [{"MetricName": "F", "Value": 1.0, "Timestamp": at, "StorageResolution": 1}])

    def counted():
        asked = {"Namespace": "AWS/X", "StartTime": START - timedelta(hours=3), "EndTime": START + timedelta(hours=1)}
        points = {
            (name, period): life.client("cloudwatch").get_metric_statistics(
                MetricName=name, Period=period, Statistics=["SampleCount"], **asked
            )["Datapoints"]
            for name, period in (("M", 60), ("F", 10), ("M", 3600))
        }
        return {
            key: sorted((p["Timestamp"], p["Unit"], p["SampleCount"]) for p in found) for key, found in points.items()
        }

    before = counted()
    assert sum(count for _, _, count in before["M", 60]) == 2_500
    life.kill()
    assert counted() == before
    rows = life.state.database.rows("SELECT count(*) FROM entries WHERE family = 'cloudwatch.requests'")
    assert rows[0][0] < 2_500


def test_a_function_has_its_code_and_works_through_its_events(lived):
    """In new processes; an event that was accepted and not begun ends at its destination."""
    life = lived(Functions)
    life.queue()
    role = life.role("lambda.amazonaws.com")
    source = "def handler(event, context): return {'got': event}"
    functions = life.client("lambda")
    code = {"ZipFile": package(source)}
    functions.create_function(FunctionName="fn", Runtime="python3.12", Handler="app.handler", Role=role, Code=code)
    functions.publish_version(FunctionName="fn")
    config = {"OnSuccess": {"Destination": QUEUE}}
    functions.put_function_event_invoke_config(FunctionName="fn", DestinationConfig=config)
    before = functions.get_function_configuration(FunctionName="fn", Qualifier="1")
    life.parts[0]._asynchronous.close()  # accepts, and begins nothing
    functions.invoke(FunctionName="fn", InvocationType="Event", Payload=b'"later"')
    (life.state.folder / "functions" / "half").mkdir()
    life.kill()
    assert life.parts[0].settled(TEN_SECONDS)
    assert [json.loads(body)["responsePayload"] for body in life.heard()] == [{"got": "later"}]
    functions = life.client("lambda")
    after = functions.get_function_configuration(FunctionName="fn", Qualifier="1")
    assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}
    assert json.loads(functions.invoke(FunctionName="fn", Payload=b"1")["Payload"].read()) == {"got": 1}
    assert not (life.state.folder / "functions" / "half").exists()
    assert len(life.state.table("functions.orders")) == 0


def test_scaling_goes_on(lived):
    """What is registered is looked at each minute without anybody asking."""
    life = lived(FakeEndpoint, CloudWatch, AutoScaling)
    scaling = life.client("application-autoscaling")
    scaling.register_scalable_target(**PLACE, MinCapacity=3, MaxCapacity=4, Tags={"a": "b"})
    tracking = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    scaling.put_scaling_policy(
        PolicyName="p", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking, **PLACE
    )
    before = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    life.kill()
    scaling = life.client("application-autoscaling")
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == before
    life.clock.advance(timedelta(minutes=1))
    assert life.parts[2].resting(TEN_SECONDS)
    assert life.parts[0].count == 3
    [activity] = scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    life.kill()
    [kept] = life.client("application-autoscaling").describe_scaling_activities(ServiceNamespace="sagemaker")[
        "ScalingActivities"
    ]
    assert kept == activity
