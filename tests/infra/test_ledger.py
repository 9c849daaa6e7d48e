from tests.infra.templates import only, resources


def ledger(synthesized):
    """The properties of the ledger's table."""
    return only(synthesized.template("release"), "AWS::DynamoDB::Table")


def test_the_ledger_is_a_log_per_model(every):
    """Records are found by model and numbered; their conditional append rests on this key."""
    table = ledger(every)

    assert table["TableName"] == f"sluice-{every.stage.name}-ledger"
    assert table["KeySchema"] == [
        {"AttributeName": "model", "KeyType": "HASH"},
        {"AttributeName": "sequence", "KeyType": "RANGE"},
    ]
    assert {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]} == {
        "model": "S",
        "sequence": "N",
    }
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_the_ledger_outlives_its_stack(every):
    """CloudFormation never deletes it but where its first deployment fails, and any second of it can be restored."""
    ((_, resource),) = resources(every.template("release"), "AWS::DynamoDB::Table")

    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert ledger(every)["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_ledger_is_encrypted_with_the_stages_key(every):
    """It says who approved what: the stage's own key opens it."""
    stage = every.stage

    assert ledger(every)["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": f"arn:aws:kms:{stage.region}:{stage.account}:alias/sluice-{stage.name}",
    }


def test_the_next_stage_may_ask_what_has_served_well(synthesized):
    """One role of the stage that follows in another account may query the ledger, and nobody else from elsewhere."""
    (statement,) = ledger(synthesized("dev"))["ResourcePolicy"]["PolicyDocument"]["Statement"]

    assert statement["Action"] == "dynamodb:Query"
    assert statement["Resource"] == "arn:aws:dynamodb:eu-west-1:111111111111:table/sluice-dev-ledger"
    assert "222222222222" in str(statement["Principal"])
    assert statement["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/sluice-staging-function-approve"}
    }


def test_the_last_stage_shows_its_ledger_to_no_one(prod, local):
    """Where no stage follows, the table has no policy."""
    assert "ResourcePolicy" not in ledger(prod)
    assert "ResourcePolicy" not in ledger(local)
