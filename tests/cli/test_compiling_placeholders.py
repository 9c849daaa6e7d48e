import pytest

from cli.compiling import placeholders, stand_ins
from tests.cli.compiling_samples import IMAGE


def test_values_of_compiling_become_placeholders():
    """Role, bucket, key and image become placeholders wherever they stand in a text."""
    written = {
        "RoleArn": stand_ins.ROLE,
        "Values": [f"s3://{stand_ins.BUCKET}/m", 1, True, None],
        "KmsKeyId": stand_ins.KMS_KEY,
        "ImageUri": IMAGE,
    }
    assert placeholders.put(written) == {
        "RoleArn": "{{sluice:role:pipeline}}",
        "Values": ["s3://{{sluice:artifact_bucket}}/m", 1, True, None],
        "KmsKeyId": "{{sluice:kms_key}}",
        "ImageUri": "{{sluice:image:sklearn:1.4-2}}",
    }
    assert placeholders.leftovers(placeholders.put(written)) == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            "arn:aws:sns:us-east-1:210987654321:alerts",
            "Steps[0].A: 'arn:aws:sns:us-east-1:210987654321:alerts' names an",
        ),
        (f"logs-{stand_ins.REGION}", "Steps[0].A: 'logs-eu-west-1' names an account or region"),
        ("210987654321.dkr.ecr.us-east-1.amazonaws.com/own:1", "Steps[0].A: image 210987654321.dkr.ecr.us-east-1."),
    ],
    ids=["an ARN", "the region", "an unknown image"],
)
def test_a_stages_own_values_are_refused(value, sentence):
    """A text that would tie the lock to an account or a region is told with its place."""
    (finding,) = placeholders.leftovers({"Steps": [{"A": placeholders.put(value)}]})
    assert sentence in finding


def test_the_models_name_and_its_place_stay_open():
    """A lock serves a model of any name: the name and a session's default bucket become placeholders too."""
    written = {"Group": stand_ins.MODEL, "Uri": f"s3://{stand_ins.DEFAULT_BUCKET}/train"}
    assert placeholders.put(written) == {
        "Group": "{{sluice:model}}",
        "Uri": "s3://{{sluice:artifact_bucket}}/{{sluice:model}}/train",
    }


def test_what_is_named_by_account_and_region_stays_open():
    """The ARN of a function or the address of a queue, made of the session's account and region, is the stage's."""
    arn = f"arn:aws:lambda:{stand_ins.REGION}:{stand_ins.ACCOUNT}:function:notify"
    put = placeholders.put({"FunctionArn": arn})
    assert put == {"FunctionArn": "arn:aws:lambda:{{sluice:region}}:{{sluice:account}}:function:notify"}
    assert placeholders.leftovers(put) == []


def test_another_form_of_the_models_name_is_refused():
    """A name made of the model's by other means would be the stand-in's in every stage."""
    (finding,) = placeholders.leftovers({"Name": stand_ins.MODEL.replace("-", "_")})
    assert "Name: 'sluice_compile_model' is made of a changed name of the model" in finding


def test_numbers_of_twelve_digits_are_no_accounts():
    """A text of digits is not taken for an account when nothing says that it is one."""
    assert placeholders.leftovers({"At": "202611210542"}) == []
