from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock


@pytest.fixture
def world(make_world):
    """Three models, an hour apart."""
    clock = Clock(speed=0)
    world = make_world(clock=clock)
    for name in ("alpha", "beta", "alphabet"):
        world.model(name)
        clock.advance(timedelta(hours=1))
    return world


def names(answer):
    """The models of a page."""
    return [model["ModelName"] for model in answer["Models"]]


def test_the_newest_comes_first_where_the_model_documents_that(world):
    """ListModels' default order is Descending by CreationTime."""
    assert names(world.sm.list_models()) == ["alphabet", "beta", "alpha"]


def test_order_and_member_can_be_chosen(world):
    """SortBy and SortOrder hold."""
    assert names(world.sm.list_models(SortBy="Name", SortOrder="Ascending")) == ["alpha", "alphabet", "beta"]


def test_names_are_filtered_without_regard_to_case(world):
    """NameContains finds parts of names."""
    assert names(world.sm.list_models(NameContains="ALPHA")) == ["alphabet", "alpha"]


def test_times_are_filtered_with_the_lower_bound_included(world):
    """CreationTimeAfter includes, CreationTimeBefore does not."""
    beta = world.sm.describe_model(ModelName="beta")["CreationTime"]
    assert names(world.sm.list_models(CreationTimeAfter=beta)) == ["alphabet", "beta"]
    assert names(world.sm.list_models(CreationTimeBefore=beta)) == ["alpha"]


def test_pages_follow_one_another_and_end(world):
    """Filters come before pages; the last page has no token."""
    first = world.sm.list_models(MaxResults=1, NameContains="alpha")
    assert names(first) == ["alphabet"]
    second = world.sm.list_models(MaxResults=1, NameContains="alpha", NextToken=first["NextToken"])
    assert names(second) == ["alpha"]
    assert "NextToken" not in second


def test_a_page_holds_ten_unless_more_are_asked_for(world):
    """Callers that do not page see that there is more."""
    for number in range(10):
        world.model(f"more-{number}")
    answer = world.sm.list_models()
    assert len(answer["Models"]) == 10
    assert "NextToken" in answer


def test_a_token_that_no_list_gave_is_refused(world):
    """A made-up token is a ValidationException."""
    with pytest.raises(ClientError, match="ValidationException"):
        world.sm.list_models(NextToken="made-up")
