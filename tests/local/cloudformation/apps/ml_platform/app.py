"""An application as teams write them with the CDK's own constructs: it knows nothing of the local cloud."""

import os
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy, custom_resources
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_secretsmanager as secrets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as states
from aws_cdk import aws_stepfunctions_tasks as tasks

HERE = Path(__file__).parent
PYTHON = lambda_.Runtime.PYTHON_3_12
DEFINITION = '{"Version": "2020-12-01", "Steps": [{"Name": "S", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}]}'


class Inner(cdk.NestedStack):
    """A stack in the stack."""

    def __init__(self, scope, name):
        super().__init__(scope, name)
        ssm.StringParameter(self, "Deep", parameter_name="/ml/deep", string_value="deep")


class Platform(cdk.Stack):
    """Data, events, functions, a registry and what watches over them."""

    def __init__(self, scope, name, **more):
        super().__init__(scope, name, **more)
        self._storage()
        self._functions()
        self._watching()
        self._learning()
        self._custom()
        Inner(self, "Inner")
        cdk.Tags.of(self).add("team", "ml")

    def _storage(self):
        key = kms.Key(self, "Key", enable_key_rotation=True, alias="ml/key", removal_policy=RemovalPolicy.DESTROY)
        self.bucket = s3.Bucket(
            self,
            "Data",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            versioned=True,
            enforce_ssl=True,
            auto_delete_objects=True,
            removal_policy=RemovalPolicy.DESTROY,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(30), prefix="tmp/")],
        )
        self.table = dynamodb.Table(
            self,
            "Runs",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.DESTROY,
        )
        ecr.Repository(self, "Images", empty_on_delete=True, removal_policy=RemovalPolicy.DESTROY)
        scripts = [deployment.Source.asset(str(HERE / "scripts")), deployment.Source.data("config.json", '{"a": 1}')]
        deployment.BucketDeployment(
            self, "Scripts", destination_bucket=self.bucket, destination_key_prefix="scripts", sources=scripts
        )

    def _functions(self):
        self.topic = sns.Topic(self, "Alerts")
        self.dead = sqs.Queue(self, "Dead", enforce_ssl=True)
        self.topic.add_subscription(subscriptions.SqsSubscription(self.dead))
        self.ingest = lambda_.Function(
            self,
            "Ingest",
            runtime=PYTHON,
            handler="index.handler",
            code=lambda_.Code.from_asset(str(HERE / "ingest")),
            environment={"TABLE": self.table.table_name},
            dead_letter_queue=self.dead,
            timeout=Duration.seconds(30),
        )
        self.table.grant_read_write_data(self.ingest)
        self.bucket.add_event_notification(
            s3.EventType.OBJECT_CREATED,
            notifications.LambdaDestination(self.ingest),
            s3.NotificationKeyFilter(prefix="raw/"),
        )
        live = lambda_.Alias(self, "Live", alias_name="live", version=self.ingest.current_version)
        pattern = events.EventPattern(source=["ml.tests"])
        rule = events.Rule(self, "Approved", event_pattern=pattern)
        rule.add_target(targets.LambdaFunction(live, retry_attempts=2, dead_letter_queue=self.dead))
        rule.add_target(targets.SnsTopic(self.topic))
        url = self.ingest.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
        cdk.CfnOutput(self, "Url", value=url.url)

    def _watching(self):
        alarm = cloudwatch.Alarm(self, "Errors", metric=self.ingest.metric_errors(), threshold=1, evaluation_periods=1)
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        graph = cloudwatch.GraphWidget(left=[self.ingest.metric_invocations()])
        cloudwatch.Dashboard(self, "Dashboard", widgets=[[graph, cloudwatch.AlarmWidget(alarm=alarm)]])

    def _learning(self):
        role = iam.Role(self, "Trainer", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        self.bucket.grant_read_write(role)
        sagemaker.CfnModelPackageGroup(self, "Packages", model_package_group_name="fraud")
        sagemaker.CfnPipeline(
            self,
            "Training",
            pipeline_name="fraud-train",
            role_arn=role.role_arn,
            pipeline_definition={"PipelineDefinitionBody": DEFINITION},
        )
        features = [
            sagemaker.CfnFeatureGroup.FeatureDefinitionProperty(feature_name=name, feature_type="String")
            for name in ("id", "at")
        ]
        sagemaker.CfnFeatureGroup(
            self,
            "Customers",
            feature_group_name="customers",
            record_identifier_feature_name="id",
            event_time_feature_name="at",
            feature_definitions=features,
            online_store_config={"EnableOnlineStore": True},
            role_arn=role.role_arn,
        )
        start = tasks.CallAwsService(
            self,
            "Start",
            service="sagemaker",
            action="startPipelineExecution",
            parameters={"PipelineName": "fraud-train"},
            iam_resources=["*"],
        )
        group = logs.LogGroup(self, "MachineLogs", removal_policy=RemovalPolicy.DESTROY)
        states.StateMachine(
            self,
            "Machine",
            definition_body=states.DefinitionBody.from_chainable(start.next(states.Succeed(self, "Done"))),
            logs=states.LogOptions(destination=group, level=states.LogLevel.ALL),
        )

    def _custom(self):
        generated = secrets.SecretStringGenerator(
            secret_string_template='{"user": "u"}', generate_string_key="password"
        )
        secrets.Secret(self, "Api", generate_secret_string=generated)
        seed = lambda_.Function(
            self, "Seed", runtime=PYTHON, handler="index.on_event", code=lambda_.Code.from_asset(str(HERE / "seed"))
        )
        self.table.grant_write_data(seed)
        provider = custom_resources.Provider(self, "Provider", on_event_handler=seed)
        seeded = cdk.CustomResource(
            self, "Seeded", service_token=provider.service_token, properties={"Table": self.table.table_name, "N": 3}
        )
        cdk.CfnOutput(self, "N", value=seeded.get_att_string("N"))
        put = {"Name": "/ml/by-sdk", "Value": "v", "Type": "String", "Overwrite": True}
        custom_resources.AwsCustomResource(
            self,
            "Put",
            on_update=custom_resources.AwsSdkCall(
                service="SSM",
                action="putParameter",
                parameters=put,
                physical_resource_id=custom_resources.PhysicalResourceId.of("put"),
            ),
            on_delete=custom_resources.AwsSdkCall(
                service="SSM", action="deleteParameter", parameters={"Name": "/ml/by-sdk"}
            ),
            policy=custom_resources.AwsCustomResourcePolicy.from_sdk_calls(resources=["*"]),
            install_latest_aws_sdk=False,
        )


app = cdk.App(outdir=os.environ["CDK_OUTDIR"])
Platform(app, "Platform", env=cdk.Environment(account="123456789012", region="eu-west-1"))
app.synth()
