"""One resource of each type in two variants, which between them set nearly every property that a type has."""

from __future__ import annotations

import json
from typing import Any

ACCOUNT, REGION = "123456789012", "eu-west-1"


def arn(name, attribute="Arn"):
    """A GetAtt."""
    return {"Fn::GetAtt": [name, attribute]}


def ref(name):
    """A Ref."""
    return {"Ref": name}


def labels(**tags):
    """Tags as most types take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def policy(action, *, principal=None, resource="*", sid="One"):
    """A policy of one statement."""
    statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    if principal is not None:
        statement["Principal"] = principal
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(*services):
    """Who may take a role."""
    principal = {"Service": [f"{service}.amazonaws.com" for service in services]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _service(name):
    return {"Service": f"{name}.amazonaws.com"}


ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
ACTORS = ("lambda", "sagemaker", "scheduler", "events", "states", "application-autoscaling")
CODE = "def handler(event, context):\n    return {}\n"
STATES = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${what}", "End": True}}})
STEPS = {"Version": "2020-12-01", "Steps": [{"Name": "S", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}]}
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/model:1"
CLUSTER = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}}


def _alarm(**more):
    settings = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 2, "Threshold": 1.5}
    return {**settings, **more}


def _variant(**more):
    return {"VariantName": "V", "ModelName": arn("Model", "ModelName"), **more}


def _serving(**more):
    return _variant(InitialInstanceCount=1, InstanceType="ml.m5.large", InitialVariantWeight=1, **more)


def _job(family, *, problem=None):
    """A job definition of a family of monitors."""
    endpoint = {"EndpointName": "e", "LocalPath": "/opt/ml/in", "S3InputMode": "File"}
    ground = {"GroundTruthS3Input": {"S3Uri": "s3://b/truth"}} if problem is not None or family == "ModelBias" else {}
    application = {"ImageUri": IMAGE, **({"ProblemType": problem} if problem else {})}
    if family in ("ModelBias", "ModelExplainability"):
        application["ConfigUri"] = "s3://b/config.json"
    output = {"S3Output": {"LocalPath": "/opt/ml/out", "S3Uri": "s3://b/out", "S3UploadMode": "EndOfJob"}}
    return {
        f"{family}AppSpecification": application,
        f"{family}JobInput": {"EndpointInput": endpoint, **ground},
        f"{family}JobOutputConfig": {"MonitoringOutputs": [output]},
        "JobResources": CLUSTER,
        "RoleArn": arn("Role"),
    }


def _schedule(expression):
    return {
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": expression},
            "MonitoringJobDefinitionName": "quality",
            "MonitoringType": "DataQuality",
        }
    }


UNIVERSE: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "Role": (
        "AWS::IAM::Role",
        [
            {
                "AssumeRolePolicyDocument": trust(*ACTORS),
                "Description": "one",
                "MaxSessionDuration": 7200,
                "Policies": [{"PolicyName": "p", "PolicyDocument": policy("s3:GetObject")}],
                "Tags": labels(k="v"),
                "Path": "/one/",
            },
            {
                "AssumeRolePolicyDocument": trust(*ACTORS, "glue"),
                "ManagedPolicyArns": [ref("Managed")],
                "PermissionsBoundary": ref("Managed"),
                "Policies": [{"PolicyName": "q", "PolicyDocument": policy("s3:PutObject")}],
                "Tags": labels(k="w", l="x"),
                "Path": "/one/",
            },
        ],
    ),
    "Managed": (
        "AWS::IAM::ManagedPolicy",
        [
            {"PolicyDocument": policy("s3:*"), "Description": "d", "Path": "/p/"},
            {"PolicyDocument": policy("sqs:*"), "Description": "d", "Path": "/p/", "Groups": [ref("Group")]},
        ],
    ),
    "Inline": (
        "AWS::IAM::Policy",
        [
            {"PolicyName": "inline", "PolicyDocument": policy("sns:*"), "Users": [ref("User")]},
            {"PolicyName": "outline", "PolicyDocument": policy("ssm:*"), "Groups": [ref("Group")]},
        ],
    ),
    "Group": (
        "AWS::IAM::Group",
        [
            {"Path": "/g/", "Policies": [{"PolicyName": "p", "PolicyDocument": policy("s3:*")}]},
            {"Path": "/g/", "Policies": [{"PolicyName": "q", "PolicyDocument": policy("kms:*")}]},
        ],
    ),
    "User": (
        "AWS::IAM::User",
        [
            {"Path": "/u/", "Tags": labels(k="v"), "Policies": [{"PolicyName": "p", "PolicyDocument": policy("s3:*")}]},
            {"Path": "/u/", "Tags": labels(l="w"), "Groups": [ref("Group")]},
        ],
    ),
    "Joined": (
        "AWS::IAM::UserToGroupAddition",
        [{"GroupName": ref("Group"), "Users": [ref("Guest")]}, {"GroupName": ref("Group"), "Users": [ref("Other")]}],
    ),
    "Guest": ("AWS::IAM::User", [{}]),
    "Other": ("AWS::IAM::User", [{}]),
    "AccessKey": (
        "AWS::IAM::AccessKey",
        [{"UserName": ref("Guest")}, {"UserName": ref("Guest"), "Status": "Inactive"}],
    ),
    "Profile": ("AWS::IAM::InstanceProfile", [{"Roles": [ref("Spare")], "Path": "/i/"}]),
    "Spare": ("AWS::IAM::Role", [{"AssumeRolePolicyDocument": trust("ec2")}]),
    "RolePolicy": (
        "AWS::IAM::RolePolicy",
        [
            {"RoleName": ref("Spare"), "PolicyName": "rp", "PolicyDocument": policy("s3:*")},
            {"RoleName": ref("Spare"), "PolicyName": "rp", "PolicyDocument": policy("sqs:*")},
        ],
    ),
    "Key": (
        "AWS::KMS::Key",
        [
            {
                "KeyPolicy": policy("kms:*", principal=ROOT),
                "Description": "one",
                "EnableKeyRotation": True,
                "PendingWindowInDays": 7,
                "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "Tags": labels(k="v"),
            },
            {
                "KeyPolicy": policy(["kms:*"], principal=ROOT, sid="Two"),
                "Description": "two",
                "Enabled": True,
                "KeySpec": "SYMMETRIC_DEFAULT",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Alias": ("AWS::KMS::Alias", [{"AliasName": "alias/universe", "TargetKeyId": ref("Key")}]),
    "Bucket": (
        "AWS::S3::Bucket",
        [
            {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
                    ]
                },
                "CorsConfiguration": {
                    "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": 300, "Id": "c"}]
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {"Id": "old", "Status": "Enabled", "ExpirationInDays": 30, "Prefix": "tmp/"},
                        {
                            "Id": "colder",
                            "Status": "Enabled",
                            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 60}],
                            "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
                        },
                    ]
                },
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "RestrictPublicBuckets": True},
                "Tags": labels(k="v"),
                "VersioningConfiguration": {"Status": "Enabled"},
            },
            {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn("Key")}}
                    ]
                },
                "LoggingConfiguration": {"DestinationBucketName": ref("Logs"), "LogFilePrefix": "p/"},
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {
                            "Event": "s3:ObjectCreated:*",
                            "Queue": arn("Queue"),
                            "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
                        }
                    ]
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
                "Tags": labels(k="w", l="x"),
                "VersioningConfiguration": {"Status": "Suspended"},
            },
        ],
    ),
    "Logs": (
        "AWS::S3::Bucket",
        [
            {
                "AccessControl": "LogDeliveryWrite",
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
            }
        ],
    ),
    "LogsPolicy": (
        "AWS::S3::BucketPolicy",
        [
            {
                "Bucket": ref("Logs"),
                "PolicyDocument": policy(action, principal=_service("logging.s3"), resource="arn:aws:s3:::*"),
            }
            for action in ("s3:PutObject", ["s3:PutObject", "s3:GetObject"])
        ],
    ),
    "Queue": (
        "AWS::SQS::Queue",
        [
            {
                "DelaySeconds": 3,
                "MaximumMessageSize": 2048,
                "MessageRetentionPeriod": 120,
                "ReceiveMessageWaitTimeSeconds": 5,
                "SqsManagedSseEnabled": True,
                "VisibilityTimeout": 60,
                "Tags": labels(k="v"),
            },
            {
                "KmsMasterKeyId": ref("Key"),
                "KmsDataKeyReusePeriodSeconds": 120,
                "RedrivePolicy": {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 3},
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Dead": ("AWS::SQS::Queue", [{"RedriveAllowPolicy": {"redrivePermission": "allowAll"}}]),
    "Fifo": ("AWS::SQS::Queue", [{"FifoQueue": True, "ContentBasedDeduplication": True}]),
    "QueuePolicy": (
        "AWS::SQS::QueuePolicy",
        [
            {"Queues": [ref("Queue")], "PolicyDocument": policy("sqs:SendMessage", principal=_service("s3"))},
            {"Queues": [ref("Queue"), ref("Dead")], "PolicyDocument": policy("sqs:*", principal=_service("s3"))},
        ],
    ),
    "Topic": (
        "AWS::SNS::Topic",
        [
            {"DisplayName": "one", "SignatureVersion": "2", "Tags": labels(k="v")},
            {
                "DisplayName": "two",
                "KmsMasterKeyId": ref("Key"),
                "Subscription": [{"Protocol": "email", "Endpoint": "a@b.example"}],
                "Tags": labels(l="w"),
            },
        ],
    ),
    "TopicPolicy": (
        "AWS::SNS::TopicPolicy",
        [
            {"Topics": [ref("Topic")], "PolicyDocument": policy("sns:Publish", principal=_service("events"))},
            {"Topics": [ref("Topic")], "PolicyDocument": policy("sns:Publish", principal=_service("cloudwatch"))},
        ],
    ),
    "Subscription": (
        "AWS::SNS::Subscription",
        [
            {
                "TopicArn": ref("Topic"),
                "Protocol": "sqs",
                "Endpoint": arn("Dead"),
                "RawMessageDelivery": True,
                "FilterPolicy": {"kind": ["one"]},
                "FilterPolicyScope": "MessageAttributes",
            },
            {
                "TopicArn": ref("Topic"),
                "Protocol": "sqs",
                "Endpoint": arn("Dead"),
                "RawMessageDelivery": False,
                "FilterPolicy": {"kind": ["two"]},
                "RedrivePolicy": {"deadLetterTargetArn": arn("Dead")},
            },
        ],
    ),
    "Parameter": (
        "AWS::SSM::Parameter",
        [
            {"Type": "String", "Value": "one", "Description": "d", "Tier": "Standard", "Tags": {"k": "v"}},
            {"Type": "StringList", "Value": "two,three", "AllowedPattern": ".*", "Tags": {"l": "w"}},
        ],
    ),
    "Secret": (
        "AWS::SecretsManager::Secret",
        [
            {"Description": "one", "SecretString": "hunter2", "Tags": labels(k="v")},
            {
                "Description": "two",
                "GenerateSecretString": {
                    "SecretStringTemplate": '{"username": "u"}',
                    "GenerateStringKey": "password",
                    "PasswordLength": 20,
                },
                "KmsKeyId": ref("Key"),
                "Tags": labels(l="w"),
            },
        ],
    ),
    "SecretPolicy": (
        "AWS::SecretsManager::ResourcePolicy",
        [
            {"SecretId": ref("Secret"), "ResourcePolicy": policy("secretsmanager:GetSecretValue", principal=ROOT)},
            {"SecretId": ref("Secret"), "ResourcePolicy": policy("secretsmanager:*", principal=ROOT)},
        ],
    ),
    "Table": (
        "AWS::DynamoDB::Table",
        [
            {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "DeletionProtectionEnabled": False,
                "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
                "Tags": labels(k="v"),
            },
            {
                "AttributeDefinitions": [
                    {"AttributeName": "id", "AttributeType": "S"},
                    {"AttributeName": "by", "AttributeType": "N"},
                ],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-number",
                        "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
                "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn("Key")},
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Repository": (
        "AWS::ECR::Repository",
        [
            {
                "ImageTagMutability": "IMMUTABLE",
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "EncryptionConfiguration": {"EncryptionType": "AES256"},
                "EmptyOnDelete": True,
                "Tags": labels(k="v"),
                "RepositoryPolicyText": policy("ecr:*", principal=ROOT) | {"Version": "2012-10-17"},
            },
            {
                "ImageTagMutability": "MUTABLE",
                "EncryptionConfiguration": {"EncryptionType": "AES256"},
                "LifecyclePolicy": {
                    "LifecyclePolicyText": json.dumps(
                        {
                            "rules": [
                                {
                                    "rulePriority": 1,
                                    "selection": {
                                        "tagStatus": "any",
                                        "countType": "imageCountMoreThan",
                                        "countNumber": 5,
                                    },
                                    "action": {"type": "expire"},
                                }
                            ]
                        }
                    )
                },
                "Tags": labels(l="w"),
            },
        ],
    ),
    "LogGroup": (
        "AWS::Logs::LogGroup",
        [{"RetentionInDays": 7, "Tags": labels(k="v")}, {"RetentionInDays": 14, "Tags": labels(l="w")}],
    ),
    "Function": (
        "AWS::Lambda::Function",
        [
            {
                "Code": {"ZipFile": CODE},
                "Handler": "index.handler",
                "Role": arn("Role"),
                "Runtime": "python3.11",
                "Architectures": ["x86_64"],
                "DeadLetterConfig": {"TargetArn": arn("Dead")},
                "Description": "one",
                "Environment": {"Variables": {"KEY": "v"}},
                "EphemeralStorage": {"Size": 1024},
                "MemorySize": 256,
                "PackageType": "Zip",
                "ReservedConcurrentExecutions": 2,
                "Tags": labels(k="v"),
                "Timeout": 9,
                "TracingConfig": {"Mode": "Active"},
            },
            {
                "Code": {"ZipFile": CODE + "# two\n"},
                "Handler": "index.handler",
                "Role": arn("Role"),
                "Runtime": "python3.12",
                "KmsKeyArn": arn("Key"),
                "LoggingConfig": {"LogFormat": "JSON", "LogGroup": ref("LogGroup")},
                "PackageType": "Zip",
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Layer": (
        "AWS::Lambda::LayerVersion",
        [
            {
                "Content": {"S3Bucket": "layers", "S3Key": "l.zip"},
                "Description": text,
                "CompatibleRuntimes": ["python3.12"],
            }
            for text in ("one", "two")
        ],
    ),
    "Version": ("AWS::Lambda::Version", [{"FunctionName": ref("Function"), "Description": "v"}]),
    "FunctionAlias": (
        "AWS::Lambda::Alias",
        [
            {"FunctionName": ref("Function"), "FunctionVersion": arn("Version", "Version"), "Name": "live", **more}
            for more in ({"Description": "one"}, {"Description": "two"})
        ],
    ),
    "AliasPermission": (
        "AWS::Lambda::Permission",
        [{"Action": "lambda:InvokeFunction", "FunctionName": ref("FunctionAlias"), "Principal": "s3.amazonaws.com"}],
    ),
    "Url": (
        "AWS::Lambda::Url",
        [
            {"TargetFunctionArn": ref("Function"), "AuthType": "NONE", "Cors": {"AllowOrigins": [origin]}}
            for origin in ("*", "https://a.example")
        ],
    ),
    "UrlPermission": (
        "AWS::Lambda::Permission",
        [
            {
                "Action": "lambda:InvokeFunctionUrl",
                "FunctionName": ref("Function"),
                "Principal": "*",
                "FunctionUrlAuthType": "NONE",
            }
        ],
    ),
    "Dashboard": (
        "AWS::CloudWatch::Dashboard",
        [
            {"DashboardBody": json.dumps({"widgets": [{"type": "text", "n": number}]}), "Tags": labels(n=str(number))}
            for number in (1, 2)
        ],
    ),
    "Permission": (
        "AWS::Lambda::Permission",
        [
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("Function"),
                "Principal": "events.amazonaws.com",
                "SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}",
                "SourceAccount": ACCOUNT,
            }
            for rule in ("one", "two")
        ],
    ),
    "Retries": (
        "AWS::Lambda::EventInvokeConfig",
        [
            {"FunctionName": ref("Function"), "Qualifier": "$LATEST", "MaximumRetryAttempts": 1},
            {
                "FunctionName": ref("Function"),
                "Qualifier": "$LATEST",
                "MaximumEventAgeInSeconds": 300,
                "DestinationConfig": {"OnFailure": {"Destination": arn("Dead")}},
            },
        ],
    ),
    "Rule": (
        "AWS::Events::Rule",
        [
            {
                "Description": "one",
                "EventPattern": {"source": ["aws.s3"]},
                "State": "ENABLED",
                "Targets": [{"Id": "q", "Arn": arn("Dead"), "RetryPolicy": {"MaximumRetryAttempts": 2}}],
                "Tags": labels(k="v"),
            },
            {
                "ScheduleExpression": "rate(1 day)",
                "State": "DISABLED",
                "Targets": [{"Id": "t", "Arn": ref("Topic"), "InputPath": "$.detail"}],
                "Tags": labels(l="w"),
            },
        ],
    ),
    "BusPolicy": (
        "AWS::Events::EventBusPolicy",
        [
            {"StatementId": "s", "Action": "events:PutEvents", "Principal": "111122223333"},
            {
                "StatementId": "s",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "events:PutEvents",
                    "Principal": ROOT,
                    "Resource": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
                },
            },
        ],
    ),
    "Schedules": ("AWS::Scheduler::ScheduleGroup", [{"Tags": labels(k="v")}, {"Tags": labels(l="w")}]),
    "Schedule": (
        "AWS::Scheduler::Schedule",
        [
            {
                "Description": "one",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "GroupName": ref("Schedules"),
                "ScheduleExpression": "rate(1 day)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "Target": {"Arn": arn("Dead"), "RoleArn": arn("Role"), "Input": '{"n": 1}'},
            },
            {
                "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
                "GroupName": ref("Schedules"),
                "ScheduleExpression": "cron(0 12 * * ? *)",
                "State": "DISABLED",
                "Target": {"Arn": arn("Dead"), "RoleArn": arn("Role")},
            },
        ],
    ),
    "Alarm": (
        "AWS::CloudWatch::Alarm",
        [
            _alarm(
                ActionsEnabled=True,
                AlarmActions=[ref("Topic")],
                AlarmDescription="one",
                DatapointsToAlarm=1,
                Dimensions=[{"Name": "d", "Value": "v"}],
                MetricName="m",
                Namespace="n",
                Period=60,
                Statistic="Sum",
                TreatMissingData="notBreaching",
                Unit="Count",
                Tags=labels(k="v"),
            ),
            _alarm(
                InsufficientDataActions=[ref("Topic")],
                OKActions=[ref("Topic")],
                Metrics=[
                    {"Id": "e", "Expression": "m / 2", "ReturnData": True},
                    {
                        "Id": "m",
                        "ReturnData": False,
                        "MetricStat": {"Metric": {"MetricName": "m", "Namespace": "n"}, "Period": 60, "Stat": "p99"},
                    },
                ],
                Tags=labels(l="w"),
            ),
        ],
    ),
    "Machine": (
        "AWS::StepFunctions::StateMachine",
        [
            {
                "DefinitionString": STATES,
                "RoleArn": arn("Role"),
                "StateMachineType": "STANDARD",
                "Tags": labels(k="v"),
                "TracingConfiguration": {"Enabled": True},
            },
            {
                "DefinitionString": STATES.replace("A", "B"),
                "RoleArn": arn("Role"),
                "StateMachineType": "STANDARD",
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Model": (
        "AWS::SageMaker::Model",
        [
            {
                "ExecutionRoleArn": arn("Role"),
                "PrimaryContainer": {"Image": IMAGE, "Environment": {"KEY": "v"}},
                "EnableNetworkIsolation": True,
                "Tags": labels(k="v"),
            },
            {
                "ExecutionRoleArn": arn("Role"),
                "Containers": [{"Image": IMAGE, "ContainerHostname": "a"}, {"Image": IMAGE, "ContainerHostname": "b"}],
                "InferenceExecutionConfig": {"Mode": "Direct"},
                "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Config": (
        "AWS::SageMaker::EndpointConfig",
        [
            {
                "ProductionVariants": [_serving()],
                "DataCaptureConfig": {
                    "EnableCapture": True,
                    "InitialSamplingPercentage": 50,
                    "DestinationS3Uri": "s3://b/capture",
                    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
                },
                "KmsKeyId": ref("Key"),
                "Tags": labels(k="v"),
            },
            {"ProductionVariants": [_serving(ModelDataDownloadTimeoutInSeconds=600)], "Tags": labels(l="w")},
        ],
    ),
    "Packages": (
        "AWS::SageMaker::ModelPackageGroup",
        [
            {
                "ModelPackageGroupName": "packages",
                "ModelPackageGroupDescription": "d",
                "ModelPackageGroupPolicy": policy(
                    "sagemaker:DescribeModelPackageGroup",
                    principal=ROOT,
                    resource=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/packages",
                ),
                "Tags": labels(k="v"),
            },
            {
                "ModelPackageGroupName": "packages",
                "ModelPackageGroupDescription": "d",
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Pipeline": (
        "AWS::SageMaker::Pipeline",
        [
            {
                "PipelineName": "pipeline",
                "PipelineDefinition": {"PipelineDefinitionBody": json.dumps(STEPS)},
                "RoleArn": arn("Role"),
                "PipelineDescription": "one",
                "PipelineDisplayName": "One",
                "ParallelismConfiguration": {"MaxParallelExecutionSteps": 2},
                "Tags": labels(k="v"),
            },
            {
                "PipelineName": "pipeline",
                "PipelineDefinition": {"PipelineDefinitionBody": json.dumps(STEPS).replace("no", "never")},
                "RoleArn": arn("Role"),
                "PipelineDescription": "two",
                "Tags": labels(l="w"),
            },
        ],
    ),
    "Features": (
        "AWS::SageMaker::FeatureGroup",
        [
            {
                "FeatureGroupName": "features",
                "Description": "d",
                "RecordIdentifierFeatureName": "id",
                "EventTimeFeatureName": "at",
                "FeatureDefinitions": [
                    {"FeatureName": "id", "FeatureType": "String"},
                    {"FeatureName": "at", "FeatureType": "String"},
                    *more,
                ],
                "OnlineStoreConfig": {"EnableOnlineStore": True},
                "RoleArn": arn("Role"),
                "Tags": labels(k="v"),
            }
            for more in ([], [{"FeatureName": "age", "FeatureType": "Integral"}])
        ],
    ),
    "DataQuality": (
        "AWS::SageMaker::DataQualityJobDefinition",
        [{**_job("DataQuality"), "JobDefinitionName": "quality", "Tags": labels(k="v")}],
    ),
    "ModelQuality": (
        "AWS::SageMaker::ModelQualityJobDefinition",
        [_job("ModelQuality", problem="BinaryClassification"), _job("ModelQuality", problem="Regression")],
    ),
    "ModelBias": ("AWS::SageMaker::ModelBiasJobDefinition", [_job("ModelBias")]),
    "Explained": ("AWS::SageMaker::ModelExplainabilityJobDefinition", [_job("ModelExplainability")]),
    "Monitored": (
        "AWS::SageMaker::MonitoringSchedule",
        [
            {**_schedule("cron(0 * ? * * *)"), "MonitoringScheduleName": "monitored", "Tags": labels(k="v")},
            {**_schedule("cron(0 0 ? * * *)"), "MonitoringScheduleName": "monitored", "Tags": labels(l="w")},
        ],
    ),
    "Experiment": (
        "AWS::SageMaker::Experiment",
        [
            {"ExperimentName": "experiment", "DisplayName": "one", "Tags": labels(k="v")},
            {"ExperimentName": "experiment", "DisplayName": "two", "Description": "d", "Tags": labels(l="w")},
        ],
    ),
    "Card": (
        "AWS::SageMaker::ModelCard",
        [
            {
                "ModelCardName": "card",
                "ModelCardStatus": "Draft",
                "Content": {"ModelOverview": {"ModelDescription": text}},
                "Tags": labels(k=text),
            }
            for text in ("one", "two")
        ],
    ),
    "Image": (
        "AWS::SageMaker::Image",
        [
            {"ImageName": "image", "ImageRoleArn": arn("Role"), "ImageDescription": text, "ImageDisplayName": text}
            for text in ("one", "two")
        ],
    ),
}

AFTER = {"Monitored": "DataQuality"}
"""Who names another one by its text, and must come after it."""

KEPT = {"Logs"}
"""What others write to while its stack is being deleted, so that it cannot be."""
