"""Artifacts, actions, contexts, their associations and queries over them."""

import pytest

S3 = "s3://work"


@pytest.fixture
def artifact(sm):
    """Makes artifacts of a source and a type."""

    def make(uri: str, kind: str = "DataSet", **more) -> str:
        made = sm.create_artifact(Source={"SourceUri": uri}, ArtifactType=kind, **more)
        return made["ArtifactArn"]

    return make


@pytest.fixture
def chain(sm, artifact, own_name):
    """data -> component -> model -> context, each named after the test; gives their ARNs."""
    name = own_name
    data, model = artifact(f"{S3}/{name}/data", Properties={"rows": "10"}), artifact(f"{S3}/{name}/model", "Model")
    component = sm.create_trial_component(TrialComponentName=name)["TrialComponentArn"]
    context = sm.create_context(ContextName=name, Source={"SourceUri": "x"}, ContextType="Endpoint")["ContextArn"]
    for source, destination, kind in (
        (data, component, "ContributedTo"),
        (component, model, "Produced"),
        (model, context, "AssociatedWith"),
    ):
        sm.add_association(SourceArn=source, DestinationArn=destination, AssociationType=kind)
    return [data, component, model, context]


def arns(answer) -> set[str]:
    """The ARNs of a query's vertices."""
    return {vertex["Arn"] for vertex in answer["Vertices"]}


def test_an_action_keeps_every_member_and_who_made_it(sm):
    """Nothing that was sent is lost; the account's lineage group holds it."""
    sent = {
        "ActionName": "approve",
        "Source": {"SourceUri": "s3://work/approval", "SourceType": "S3", "SourceId": "1"},
        "ActionType": "Approval",
        "Description": "by hand",
        "Status": "InProgress",
        "Properties": {"by": "me"},
        "MetadataProperties": {"CommitId": "abc"},
    }
    arn = sm.create_action(**sent)["ActionArn"]
    shown = sm.describe_action(ActionName=arn)
    assert sent.items() <= shown.items()
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:action/approve"
    assert shown["CreatedBy"]["IamIdentity"]["Arn"].startswith("arn:aws:sts::123456789012:")
    assert shown["LineageGroupArn"].endswith(":lineage-group/sagemaker-default-lineage-group")


def test_properties_that_are_given_overwrite_those_that_were_there(sm):
    """UpdateContext replaces the properties; PropertiesToRemove takes some out; the rest stays."""
    sm.create_context(ContextName="c", Source={"SourceUri": "x"}, ContextType="T", Properties={"a": "1", "b": "2"})
    sm.update_context(ContextName="c", PropertiesToRemove=["a"])
    assert sm.describe_context(ContextName="c")["Properties"] == {"b": "2"}
    sm.update_context(ContextName="c", Properties={"z": "3"}, Description="d")
    assert sm.describe_context(ContextName="c")["Properties"] == {"z": "3"}
    assert sm.describe_context(ContextName="c")["Description"] == "d"


def test_a_source_is_one_artifact(sm, artifact, refused):
    """The second artifact of a source is refused as the SDK expects; its name is free, also to be twice."""
    first = artifact(f"{S3}/one", ArtifactName="data")
    code, message = refused(sm.create_artifact, Source={"SourceUri": f"{S3}/one"}, ArtifactType="DataSet")
    assert (code, "already exists" in message) == ("ValidationException", True)
    second = artifact(f"{S3}/two", ArtifactName="data")
    assert first != second
    assert sm.describe_artifact(ArtifactArn=first)["ArtifactName"] == "data"
    listed = sm.list_artifacts(SourceUri=f"{S3}/two")["ArtifactSummaries"]
    assert [summary["ArtifactArn"] for summary in listed] == [second]


def test_an_artifact_is_deleted_by_its_source(sm, artifact, refused):
    """DeleteArtifact takes one of the two; then nothing is there, and the source may be an artifact again."""
    arn = artifact(f"{S3}/gone")
    assert refused(sm.delete_artifact)[0] == "ValidationException"
    assert sm.delete_artifact(Source={"SourceUri": f"{S3}/gone"})["ArtifactArn"] == arn
    assert refused(sm.describe_artifact, ArtifactArn=arn)[0] == "ResourceNotFound"
    assert artifact(f"{S3}/gone") == arn


def test_what_is_associated_cannot_be_deleted(sm, chain, refused):
    """Entities go after their associations."""
    data, component, *_ = chain
    code, message = refused(sm.delete_artifact, ArtifactArn=data)
    assert (code, "has associations" in message) == ("ValidationException", True)
    sm.delete_association(SourceArn=data, DestinationArn=component)
    sm.delete_artifact(ArtifactArn=data)
    assert refused(sm.delete_association, SourceArn=data, DestinationArn=component)[0] == "ResourceNotFound"


def test_an_association_is_made_once_between_what_exists(sm, chain, refused):
    """Twice is refused as the SDK expects; so are ends that do not exist or are no entities."""
    data, component, *_ = chain
    code, message = refused(sm.add_association, SourceArn=data, DestinationArn=component)
    assert (code, "already exists" in message) == ("ValidationException", True)
    assert refused(sm.add_association, SourceArn=data, DestinationArn=f"{data}0")[0] == "ResourceNotFound"
    job = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/j"
    assert refused(sm.add_association, SourceArn=data, DestinationArn=job)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("filters", "pairs"),
    [
        ({"SourceArn": 0}, [(0, 1)]),
        ({"DestinationArn": 2}, [(1, 2)]),
        ({"AssociationType": "AssociatedWith", "SourceArn": 2}, [(2, 3)]),
        ({"SourceType": "Model", "DestinationArn": 3}, [(2, 3)]),
        ({"DestinationType": "Endpoint", "SourceArn": 2}, [(2, 3)]),
        ({"SourceType": "DataSet", "SourceArn": 2}, []),
    ],
)
def test_associations_are_found_by_either_end(sm, chain, filters, pairs):
    """Every filter narrows."""
    given = {name: chain[value] if isinstance(value, int) else value for name, value in filters.items()}
    found = sm.list_associations(**given)["AssociationSummaries"]
    assert [(a["SourceArn"], a["DestinationArn"]) for a in found] == [(chain[a], chain[b]) for a, b in pairs]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"StartArns": [1], "Direction": "Ascendants"}, {0, 1}),
        ({"StartArns": [1], "Direction": "Descendants"}, {1, 2, 3}),
        ({"StartArns": [1]}, {0, 1, 2, 3}),
        ({"StartArns": [3], "Direction": "Ascendants", "MaxDepth": 2}, {3, 2, 1}),
        ({"StartArns": [0], "Filters": {"Types": ["Endpoint"]}, "IncludeEdges": False}, {3}),
        ({"StartArns": [2], "Filters": {"LineageTypes": ["TrialComponent"]}, "IncludeEdges": False}, {1}),
        ({"StartArns": [3], "Filters": {"Properties": {"rows": "10"}}, "IncludeEdges": False}, {0}),
        ({"StartArns": [3], "Filters": {"Properties": {"rows": "11"}}, "IncludeEdges": False}, set()),
        ({"StartArns": [0], "Filters": {"CreatedBefore": "2020-01-01T00:00:00Z"}, "IncludeEdges": False}, set()),
        ({"StartArns": [0], "Filters": {"Types": ["Model"]}}, {0, 1, 2}),
    ],
)
def test_a_query_walks_the_associations(sm, chain, query, found):
    """Directions, depth and filters; with edges the entities on the way are told too."""
    asked = {**query, "StartArns": [chain[number] for number in query["StartArns"]]}
    answer = sm.query_lineage(**asked)
    assert arns(answer) == {chain[number] for number in found}
    assert bool(answer["Edges"]) == (asked.get("IncludeEdges", True) and len(found) > 1)


def test_a_query_comes_in_pages(sm, chain):
    """Pages hold all vertices once."""
    first = sm.query_lineage(StartArns=[chain[0]], MaxResults=3)
    second = sm.query_lineage(StartArns=[chain[0]], MaxResults=3, NextToken=first["NextToken"])
    assert (len(first["Vertices"]), len(second["Vertices"])) == (3, 1)
    assert arns(first) | arns(second) == set(chain)
    assert "NextToken" not in second


def test_a_circle_ends(sm, artifact):
    """Two artifacts that are the same as each other are both found, once."""
    left, right = artifact(f"{S3}/left"), artifact(f"{S3}/right")
    sm.add_association(SourceArn=left, DestinationArn=right, AssociationType="SameAs")
    sm.add_association(SourceArn=right, DestinationArn=left, AssociationType="SameAs")
    answer = sm.query_lineage(StartArns=[left])
    assert arns(answer) == {left, right}
    assert len(answer["Edges"]) == 2


def test_the_account_has_one_lineage_group(sm, refused):
    """It is listed and described; a policy it has not, and others there are none."""
    (group,) = sm.list_lineage_groups()["LineageGroupSummaries"]
    name = group["LineageGroupName"]
    assert sm.describe_lineage_group(LineageGroupName=name)["LineageGroupArn"] == group["LineageGroupArn"]
    assert refused(sm.get_lineage_group_policy, LineageGroupName=name)[0] == "ResourceNotFound"
    assert refused(sm.describe_lineage_group, LineageGroupName="other")[0] == "ResourceNotFound"
