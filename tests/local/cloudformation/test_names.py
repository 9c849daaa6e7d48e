from hypothesis import given
from hypothesis import strategies as st

from local.cloudformation.names import Naming, physical_name

NAMES = st.text(alphabet="abcXYZ", min_size=1, max_size=120)


def test_a_generated_name_tells_where_it_comes_from():
    """Stack and logical id stand in it, then twelve characters that the seed decides."""
    name = physical_name(Naming(), stack_name="stack", logical_id="Logical", seed="s")
    assert name.startswith("stack-Logical-")
    assert len(name) == len("stack-Logical-") + 12
    assert name == physical_name(Naming(), stack_name="stack", logical_id="Logical", seed="s")
    assert name != physical_name(Naming(), stack_name="stack", logical_id="Logical", seed="t")


def test_some_types_leave_the_stack_out():
    """SageMaker's names begin with the logical id, buckets' are in lower case."""
    model = physical_name(Naming(with_stack=False), stack_name="stack", logical_id="Model", seed="s")
    bucket = physical_name(Naming(lower=True), stack_name="Stack", logical_id="B", seed="s")
    assert (model[:6], bucket[:8]) == ("Model-", "stack-b-")
    assert bucket == bucket.lower()


@given(NAMES, NAMES, st.sampled_from([Naming(63), Naming(63, with_stack=False), Naming(75), Naming(255)]))
def test_a_generated_name_fits(stack_name, logical_id, naming):
    """Its length is within the type's limit, and its twelve characters are never cut."""
    name = physical_name(naming, stack_name=stack_name, logical_id=logical_id, seed="s")
    assert len(name) <= naming.limit
    assert len(name.rpartition("-")[2]) == 12
    assert logical_id[:10] in name
