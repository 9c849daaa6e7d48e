from local import coverage


def test_the_page_is_what_the_code_says():
    """`local/COVERAGE.md` names every operation and resource type that the running code answers for."""
    written = coverage.PAGE.read_text(encoding="utf-8")
    assert written == coverage.page(coverage.families()), "write it anew with `python -m local.coverage`"


def test_every_handler_is_an_operation_of_its_service():
    """A misspelt handler would never be reached."""
    strangers = {
        family.name: sorted(set(family.handlers) - set(family.model.operation_names)) for family in coverage.families()
    }
    assert {name: names for name, names in strangers.items() if names} == {}


def test_no_more_than_sixty_operations_of_sagemaker_are_refused_each_with_its_reason():
    """The others do something, keep something, or say rightly that there is nothing."""
    family = next(family for family in coverage.families() if family.name == "sagemaker")
    refused = coverage.sorts(family)["refused"]
    assert len(refused) <= 60
    assert {name for name in refused if not getattr(family.handlers.get(name), "reason", "")} == set()
