import pytest

from local.errors import ValidationError
from local.sagemaker.jobs.algorithms import metric_definitions
from local.sagemaker.jobs.scraping import Scraper, require_patterns

AUC = {"Name": "auc", "Regex": r".*auc=(\S+);"}
LOSS = {"Name": "loss", "Regex": r"loss=([^;]+);"}


def test_the_last_value_of_each_metric_is_its_final_one():
    """In the order of the definitions; the history of each is kept, and every value told as it comes."""
    told = []
    scraper = Scraper([AUC, LOSS], tell=told.extend)
    scraper.read(["loss=3;", "auc=0.5; loss=2;"])
    scraper.read(["nothing", "loss=1;"])
    assert [(datum["MetricName"], datum["Value"]) for datum in scraper.final()] == [("auc", 0.5), ("loss", 1.0)]
    assert scraper.history("loss") == [3.0, 2.0, 1.0]
    assert [datum["Value"] for datum in told] == [3.0, 0.5, 2.0, 1.0]


@pytest.mark.parametrize("value", ["nan", "inf", "high", ""])
def test_what_is_no_number_is_passed_over(value):
    """CloudWatch takes none such."""
    scraper = Scraper([{"Name": "loss", "Regex": "loss=(.*);"}])
    scraper.read([f"loss={value};"])
    assert (scraper.final(), scraper.history("loss")) == ([], [])


def test_a_line_is_read_from_its_beginning_and_not_without_end():
    """A program may print a megabyte on a line, over which patterns such as `.*` would sit for minutes."""
    scraper = Scraper([AUC, *metric_definitions("xgboost")])
    scraper.read(["auc=0.5;" + "x" * 200_000 + "auc=0.9;"])
    assert scraper.history("auc") == [0.5]


@pytest.mark.parametrize(("regex", "told"), [("auc=(", "is not valid"), ("auc=.*", "has no group")])
def test_a_pattern_without_a_value_is_refused(regex, told):
    """Before the job is made."""
    with pytest.raises(ValidationError, match=told):
        require_patterns([{"Name": "auc", "Regex": regex}])
