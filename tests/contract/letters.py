"""Events of SageMaker, as a rule of EventBridge brings them to a queue."""

import json


class Letters:
    """A queue behind a rule on the default bus."""

    def __init__(self, account) -> None:
        sqs, events = account.client("sqs"), account.client("events")
        self._account, self._sqs, name = account, sqs, account.name("events")
        self._url = sqs.create_queue(QueueName=name)["QueueUrl"]
        account.later(sqs.delete_queue, QueueUrl=self._url)
        arn = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.sagemaker"]}))["RuleArn"]
        account.later(events.delete_rule, Name=name)
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        account.later(events.remove_targets, Rule=name, Ids=["queue"])
        self._read = []

    def until(self, wanted):
        """All events so far, as soon as one of them is as wanted."""
        return self._account.until(self._all, lambda read: any(wanted(event) for event in read), minutes=5)

    def _all(self):
        got = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in got.get("Messages", []):
            self._read.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self._read
