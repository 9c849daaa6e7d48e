from datetime import timedelta

import pytest

from local.clock import Clock
from local.errors import AwsError, UnsupportedLocally
from local.model import jsonable, project, service, typed, validate
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG, MODEL, TRAINING_JOB
from local.sagemaker.resources import Store
from local.sagemaker.search import Search
from local.wire import Call

JOBS = {
    "small": {"learning_rate": "0.1", "depth": "3", "booster": "tree"},
    "large": {"learning_rate": "0.5", "depth": "10"},
    "odd": {"learning_rate": "auto", "depth": "4"},
}


class Searched:
    """Search over a store, asked and answered as the wire would do it."""

    def __init__(self):
        self.clock = Clock(speed=0)
        self.store = Store(clock=self.clock, account="123456789012", region="eu-west-1")
        self.metrics = {}
        self._handlers = Search(self.store, metrics=lambda arn: self.metrics.get(arn, [])).handlers()

    def __call__(self, resource, **more):
        operation = service("sagemaker").operation_model("Search")
        params = typed(operation.input_shape, {"Resource": resource, **more})
        validate(operation, params)
        answer = self._handlers["Search"](params, Call(operation, params, "key", "eu-west-1", "localhost"))
        return jsonable(operation.output_shape, project(operation.output_shape, answer))

    def names(self, *filters, resource="TrainingJob", member="TrainingJobName", **expression):
        """The names of what satisfies filters such as `("Tags.team", "Equals", "a")`."""
        given = {"Filters": [_filter(*entry) for entry in filters]} if filters else {}
        found = self(resource, SearchExpression={**given, **expression})["Results"]
        return {next(iter(result.values()))[member] for result in found}


def _filter(name, operator=None, value=None):
    parts = {"Name": name, "Operator": operator, "Value": value}
    return {key: part for key, part in parts.items() if part is not None}


@pytest.fixture(scope="module")
def jobs():
    """Three training jobs, an hour apart, of which one is tagged."""
    searched = Searched()
    for number, (name, parameters) in enumerate(JOBS.items()):
        members = {
            "HyperParameters": parameters,
            "TrainingJobStatus": "Completed",
            "BillableTimeInSeconds": 60 * number,
            "EnableManagedSpotTraining": number == 1,
            "FinalMetricDataList": [{"MetricName": "auc", "Value": 0.7 + number / 10}],
            "InputDataConfig": [
                {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": f"s3://data/{name}/train"}}},
                {"ChannelName": "check", "DataSource": {"S3DataSource": {"S3Uri": f"s3://data/{name}/check"}}},
            ],
            "Tags": [{"Key": "team", "Value": "risk"}] if name == "small" else [],
        }
        searched.store.add(TRAINING_JOB, name, members)
        searched.clock.advance(timedelta(hours=1))
    return searched


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("TrainingJobName", "Equals", "small"), {"small"}),
        (("TrainingJobName", None, "small"), {"small"}),
        (("TrainingJobName", "NotEquals", "small"), {"large", "odd"}),
        (("TrainingJobName", "Contains", "l"), {"small", "large"}),
        (("TrainingJobName", "In", "small, odd"), {"small", "odd"}),
        (("BillableTimeInSeconds", "GreaterThan", "60"), {"odd"}),
        (("BillableTimeInSeconds", "GreaterThanOrEqualTo", "60"), {"large", "odd"}),
        (("BillableTimeInSeconds", "LessThan", "60"), {"small"}),
        (("BillableTimeInSeconds", "LessThanOrEqualTo", "60.0"), {"small", "large"}),
        (("BillableTimeInSeconds", "Equals", "60"), {"large"}),
        (("EnableManagedSpotTraining", "Equals", "true"), {"large"}),
        (("Metrics.auc", "GreaterThan", "0.75"), {"large", "odd"}),
        (("Metrics.loss", "Exists"), set()),
        (("HyperParameters.learning_rate", "LessThan", "0.5"), {"small"}),
        (("HyperParameters.depth", "GreaterThan", "9"), {"large"}),
        (("HyperParameters.learning_rate", "Equals", "auto"), {"odd"}),
        (("HyperParameters.booster", "Exists"), {"small"}),
        (("HyperParameters.booster", "NotExists"), {"large", "odd"}),
        (("Tags.team", "Equals", "risk"), {"small"}),
        (("Tags.team", "NotExists"), {"large", "odd"}),
        (("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "large/train"), {"large"}),
    ],
)
def test_each_operator_compares_as_the_property_is_typed(jobs, asked, found):
    """Numbers as numbers, text as text, hyperparameters as what they look like."""
    assert jobs.names(asked) == found


def test_times_are_compared_as_iso_8601(jobs):
    """The zone is UTC where none is given."""
    large = jobs.store.get(TRAINING_JOB, "large")["CreationTime"].replace(tzinfo=None).isoformat()
    assert jobs.names(("CreationTime", "GreaterThanOrEqualTo", large)) == {"large", "odd"}
    assert jobs.names(("CreationTime", "LessThan", large)) == {"small"}


def test_conditions_are_joined_by_and_unless_or_is_said(jobs):
    """In the expression itself and in the expressions inside it."""
    one, other = ("TrainingJobName", "Equals", "small"), ("Metrics.auc", "GreaterThan", "0.85")
    assert jobs.names(one, other) == set()
    assert jobs.names(one, other, Operator="Or") == {"small", "odd"}
    inside = {"Filters": [_filter(*one), _filter(*other)], "Operator": "Or"}
    assert jobs.names(("Tags.team", "NotExists"), SubExpressions=[inside]) == {"odd"}


def test_a_nested_filter_wants_a_single_item_of_the_list(jobs):
    """A channel of one name with the data of another one does not count."""

    def nested(channel, uri):
        names = ("InputDataConfig.ChannelName", "InputDataConfig.DataSource.S3DataSource.S3Uri")
        filters = [_filter(names[0], "Equals", channel), _filter(names[1], "Contains", uri)]
        return {"NestedFilters": [{"NestedPropertyName": "InputDataConfig", "Filters": filters}]}

    assert jobs.names(**nested("train", "small/train")) == {"small"}
    assert jobs.names(**nested("train", "small/check")) == set()


def test_results_come_in_order_and_in_pages(jobs):
    """The last modified first unless SortBy and SortOrder say otherwise; the total counts all pages."""

    def names(answer):
        return [result["TrainingJob"]["TrainingJobName"] for result in answer["Results"]]

    assert names(jobs("TrainingJob")) == ["odd", "large", "small"]
    assert names(jobs("TrainingJob", SortBy="Metrics.auc", SortOrder="Ascending")) == ["small", "large", "odd"]
    assert names(jobs("TrainingJob", SortBy="HyperParameters.booster"))[0] == "small"
    first = jobs("TrainingJob", MaxResults=2)
    assert first["TotalHits"] == {"Value": 3, "Relation": "EqualTo"}
    assert names(jobs("TrainingJob", MaxResults=2, NextToken=first["NextToken"])) == ["small"]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ({}, "at least one"),
        ({"Filters": [_filter("Nonsense", "Equals", "1")]}, "Unknown property name: Nonsense"),
        ({"Filters": [_filter("TrainingJobName", "GreaterThan", "a")]}, "not supported for text"),
        ({"Filters": [_filter("BillableTimeInSeconds", "Contains", "1")]}, "only supported for text"),
        ({"Filters": [_filter("BillableTimeInSeconds", "Equals", "many")]}, "not of the type"),
        ({"Filters": [_filter("CreationTime", "LessThan", "yesterday")]}, "not of the type"),
        ({"Filters": [_filter("TrainingJobName", "Exists", "a")]}, "Value must not be given"),
        ({"Filters": [_filter("TrainingJobName", "Equals")]}, "Value must be given"),
        ({"Filters": [_filter("TrainingJobName", "Contains", part) for part in "ab"]}, "usage limit of 1 exceeded"),
        (
            {"NestedFilters": [{"NestedPropertyName": "InputDataConfig", "Filters": [_filter("RoleArn", "Exists")]}]},
            "not of the nested property",
        ),
        ({"SubExpressions": [{"Filters": [_filter("RoleArn", "Exists")] * 17}] * 3}, "at most 50"),
    ],
)
def test_an_expression_that_cannot_be_meant_is_refused(jobs, expression, told):
    """It is a ValidationException that says what is wrong."""
    with pytest.raises(AwsError, match=told) as caught:
        jobs("TrainingJob", SearchExpression=expression)
    assert caught.value.code == "ValidationException"


def test_only_what_a_tag_makes_visible_is_found(jobs):
    """VisibilityConditions narrow a search to the resources of a tag."""
    found = jobs("TrainingJob", VisibilityConditions=[{"Key": "Tags.team", "Value": "risk"}])
    assert found["TotalHits"]["Value"] == 1


def test_no_other_account_shares_anything(jobs):
    """CrossAccount finds what other accounts made discoverable: there are none."""
    assert jobs("TrainingJob", CrossAccountFilterOption="CrossAccount")["Results"] == []


def test_a_trial_component_is_found_by_its_parameters_and_metrics():
    """Parameters by number or text, metrics by their last value or by one that is named."""
    searched, kind = Searched(), kinds()["TrialComponent"]
    members = {"Parameters": {"rate": {"NumberValue": 0.25}, "loss": {"StringValue": "log"}}}
    arn = searched.store.add(kind, "c", members)["TrialComponentArn"]
    searched.store.add(kind, "other", {})
    searched.metrics[arn] = [{"MetricName": "auc", "Last": 0.8, "Max": 0.9}]

    def found(*entry):
        return searched.names(entry, resource="ExperimentTrialComponent", member="TrialComponentName")

    for entry in (
        ("Parameters.rate", "GreaterThan", "0.2"),
        ("Parameters.loss", "Equals", "log"),
        ("Metrics.auc", "GreaterThan", "0.75"),
        ("Metrics.auc.Max", "GreaterThan", "0.85"),
    ):
        assert found(*entry) == {"c"}


def test_a_model_is_shown_with_the_endpoints_that_serve_it():
    """As the Model Dashboard shows it."""
    searched = Searched()
    searched.store.add(MODEL, "m", {})
    searched.store.add(ENDPOINT_CONFIG, "c", {"ProductionVariants": [{"VariantName": "v", "ModelName": "m"}]})
    searched.store.add(ENDPOINT, "e", {"EndpointConfigName": "c", "EndpointStatus": "InService"})
    (result,) = searched("Model")["Results"]
    assert result["Model"]["Model"]["ModelName"] == "m"
    assert [endpoint["EndpointName"] for endpoint in result["Model"]["Endpoints"]] == ["e"]


def test_every_resource_can_be_searched_or_is_refused_by_name():
    """The model has resources without a record in its answer: those say so."""
    searched = Searched()
    refused = set()
    for resource in service("sagemaker").shape_for("ResourceType").enum:
        try:
            assert searched(resource)["Results"] == []
        except UnsupportedLocally as error:
            refused.add(error.what)
    assert refused == {"Search for Image", "Search for ImageVersion"}


def test_property_names_are_suggested_from_their_beginning():
    """Only those that begin with the hint, down to the members of members."""
    searched = Searched()
    hint = {"PropertyNameQuery": {"PropertyNameHint": "OutputDataConfig"}}
    asked = {"Resource": "TrainingJob", "SuggestionQuery": hint}
    operation = service("sagemaker").operation_model("GetSearchSuggestions")
    handler = Search(searched.store, metrics=lambda _: []).handlers()["GetSearchSuggestions"]
    answer = handler(asked, Call(operation, asked, "key", "eu-west-1", "localhost"))
    suggested = [entry["PropertyName"] for entry in answer["PropertyNameSuggestions"]]
    assert "OutputDataConfig.S3OutputPath" in suggested
    assert all(name.startswith("OutputDataConfig") for name in suggested)
