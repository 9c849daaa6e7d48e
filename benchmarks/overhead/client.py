"""Starts a pipeline as any client of AWS does, and waits for its end: client.py PIPELINE. Prints the execution."""

import sys
import time

import boto3

_LOOK_EVERY_SECONDS = 0.05


def main() -> None:
    """Start, wait, and exit with 1 when the execution did not succeed."""
    sagemaker = boto3.client("sagemaker")
    arn = sagemaker.start_pipeline_execution(PipelineName=sys.argv[1])["PipelineExecutionArn"]
    while True:
        execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        if execution["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
            break
        time.sleep(_LOOK_EVERY_SECONDS)
    print(arn.rsplit("/", 1)[-1])
    sys.exit(0 if execution["PipelineExecutionStatus"] == "Succeeded" else execution["FailureReason"])


if __name__ == "__main__":
    main()
