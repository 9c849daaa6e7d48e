"""What stands for a stage's values while a pipeline is being compiled.

An author's code receives values that look real, since the SDK and botocore check their form. None of them belongs to
anybody: account 000000000000 does not exist.
"""

from __future__ import annotations

REGION = "eu-west-1"
ACCOUNT = "000000000000"
BUCKET = "sluice-compile-artifacts"
DEFAULT_BUCKET = "sluice-compile-default"
"""What a session's `default_bucket` gives: the model's own part of the artifact bucket, where its jobs may write."""
MODEL = "sluice-compile-model"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sluice-compile-pipeline"
MONITOR = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sluice-compile-monitor"
KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/sluice-compile"


def values() -> dict[str, str]:
    """What an author's ``get_pipeline`` may ask for by name, sessions and the region apart.

    The names are those of the kit, and those that AWS's documents and templates use for the same.
    """
    return {
        **{"role": ROLE, "bucket": BUCKET, "kms_key": KMS_KEY, "model": MODEL},
        "monitor": MONITOR,
        **{"role_arn": ROLE, "default_bucket": DEFAULT_BUCKET, "account": ACCOUNT},
        **{"pipeline_name": MODEL, "model_package_group_name": MODEL},
    }
