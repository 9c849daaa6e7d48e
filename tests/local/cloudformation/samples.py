"""Resources for templates."""

from __future__ import annotations

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def parameter(value, **properties):
    """An SSM parameter of the given value; `name` and other properties are optional."""
    named = {key.title(): what for key, what in properties.items()}
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **named}}


def bucket(**properties):
    """A bucket."""
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def serving(version, *, variant="AllTraffic", **endpoint):
    """Model, configuration and endpoint, where a new version replaces the first two."""
    environment = {"VERSION": version}
    return {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {
                "ExecutionRoleArn": "arn:aws:iam::123456789012:role/serving",
                "PrimaryContainer": {"Image": "image", "Environment": environment},
            },
        },
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": variant,
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InitialInstanceCount": 1,
                        "InstanceType": "ml.m5.large",
                    }
                ]
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": "live",
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                **endpoint,
            },
        },
    }
