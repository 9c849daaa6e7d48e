"""An application as somebody else would write it: no construct of ours, and none of our names."""

import aws_cdk as cdk
from aws_cdk import (
    aws_cloudwatch,
    aws_dynamodb,
    aws_events,
    aws_events_targets,
    aws_lambda,
    aws_s3,
    aws_sns,
    aws_sns_subscriptions,
    aws_sqs,
    aws_ssm,
)

HANDLER = """
import os

def handler(event, context):
    return {"table": os.environ["TABLE"], "said": event.get("say")}
"""


class Orders(cdk.Stack):
    """A table, a function with rights on it, a schedule, a topic with queues behind it, a bucket and an alarm."""

    def __init__(self, scope: cdk.App, name: str, **more: object) -> None:
        super().__init__(scope, name, **more)
        table = aws_dynamodb.Table(
            self,
            "Table",
            partition_key=aws_dynamodb.Attribute(name="id", type=aws_dynamodb.AttributeType.STRING),
            billing_mode=aws_dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        function = aws_lambda.Function(
            self,
            "Function",
            runtime=aws_lambda.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=aws_lambda.Code.from_inline(HANDLER),
            environment={"TABLE": table.table_name, "LEVEL": self.node.try_get_context("level") or "one"},
        )
        table.grant_read_write_data(function)
        nightly = aws_events.Rule(self, "Nightly", schedule=aws_events.Schedule.rate(cdk.Duration.days(1)))
        nightly.add_target(aws_events_targets.LambdaFunction(function))
        dead = aws_sqs.Queue(self, "Dead")
        queue = aws_sqs.Queue(
            self, "Queue", dead_letter_queue=aws_sqs.DeadLetterQueue(max_receive_count=3, queue=dead), enforce_ssl=True
        )
        topic = aws_sns.Topic(self, "Topic")
        topic.add_subscription(aws_sns_subscriptions.SqsSubscription(queue))
        aws_s3.Bucket(self, "Bucket", versioned=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        aws_cloudwatch.Alarm(self, "Errors", metric=function.metric_errors(), threshold=1, evaluation_periods=1)
        if taken := self.node.try_get_context("taken"):
            aws_ssm.StringParameter(self, "Taken", parameter_name=taken, string_value="ours")
        cdk.CfnOutput(self, "FunctionName", value=function.function_name)
        cdk.CfnOutput(self, "TopicArn", value=topic.topic_arn, export_name="orders-topic")
        cdk.CfnOutput(self, "QueueUrl", value=queue.queue_url)


app = cdk.App()
Orders(app, "orders", env=cdk.Environment(account="123456789012", region="eu-west-1"))
app.synth()
