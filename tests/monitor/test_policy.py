import pytest

from env.monitor import Monitor
from monitor.policy import BadPolicy, FeaturePolicy, Limit, Policy


def test_what_env_writes_is_what_monitors_read():
    """An `env` table without keys, as dumped for the parameter store, is the policy's own defaults."""
    assert Policy.of(Monitor().model_dump(mode="json")) == Policy()


def test_every_key_of_env_is_read():
    """A table with every part of it comes through; numbers that are whole become fractions where those are meant."""
    table = {
        "data": {"psi": 1, "features": {"age": {"distance": 0.2}}},
        "quality": {"kind": "binary-classification", "positive_label": "0", "limits": {"auc": {"at_least": 0.7}}},
        "bias": {"facets": {"sex": "female", "grade": 2.0}, "limits": {"DPL": 0.1}},
        "explainability": {"rows": 50},
        "business": {"cost": {"expression": "sum(amount)", "at_most": 3, "unit": "EUR"}},
        "retraining": {"parameters": {"MinAuc": 0.6}},
    }
    policy = Policy.of(Monitor.model_validate(table).model_dump(mode="json") | {"masked": ["name"]})
    assert policy.data.psi == 1.0
    assert policy.data.features == {"age": FeaturePolicy(distance=0.2)}
    assert policy.quality is not None
    assert policy.quality.limits == {"auc": Limit(at_least=0.7)}
    assert policy.bias is not None
    assert policy.bias.facets == {"sex": "female", "grade": 2.0}
    assert policy.business["cost"].at_most == 3.0
    assert policy.masked == ("name",)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"colour": 1}, "policy.colour: no such key"),
        ({"data": {"features": {"age": {"ignored": True}}}}, "policy.data.features.age.ignored: no such key"),
        ({"data": {"minimum_rows": "many"}}, "policy.data.minimum_rows: int is wanted, not 'many'"),
        ({"data": {"minimum_rows": True}}, "policy.data.minimum_rows: int is wanted"),
        ({"data": {"psi": "much"}}, "policy.data.psi: float is wanted"),
        ({"schedule": "often"}, "policy.schedule: 'often' is none of 'kit', 'model-monitor'"),
        ({"quality": {}}, "policy.quality.kind: is needed"),
        ({"masked": "name"}, "policy.masked: a list is wanted"),
        ({"data": 3}, "policy.data: a table is wanted"),
    ],
)
def test_what_cannot_be_meant_is_refused(document, said):
    """A misspelt key or a wrong type is named by its path; nothing is guessed."""
    with pytest.raises(BadPolicy) as refused:
        Policy.of(document)
    assert said in str(refused.value)
