"""Every kind that is only kept and shown: made with all its members, shown, listed, changed and deleted."""

from datetime import timedelta

import pytest

from local.clock import Clock
from local.errors import AwsError
from local.model import jsonable, project, service, typed, validate
from local.sagemaker.derived import kinds
from local.sagemaker.facts import BY_HAND, PARENTS
from local.sagemaker.plain import generated
from local.sagemaker.plain.refused import REASONS
from local.sagemaker.resources import Store
from local.sagemaker.structural import list_operation
from local.state import State
from local.wire import Call
from tests.local.sagemaker.samples import WHOLE, sample

MODEL = service("sagemaker")
WHO = {"IamIdentity": {"Arn": "arn:aws:iam::123456789012:user/ada", "PrincipalId": "AIDAADA"}}
UNSHOWN = {"HumanTaskUi": {"UiTemplate"}}
"""What is shown otherwise than it was given: a template as its hash."""
UNSHOWN_BY_AWS = {
    "Workteam": {"WorkforceName"},  # but the workforce's ARN
}
"""What Describe has no member for on AWS either."""
NEVER_SHOWN = {"Tags", "ClientToken", "ClientRequestToken", "EnableIotRoleAlias"}
PLAIN = sorted(
    kind.name
    for kind in kinds().values()
    if f"Create{kind.name}" in MODEL.operation_names
    and f"Create{kind.name}" not in REASONS
    and "ClusterArn" not in PARENTS.get(kind.name, {})
    and kind.name not in BY_HAND
)


class Engine:
    """The generated handlers, asked and answered as the wire would do it."""

    def __init__(self):
        self.clock, state = Clock(speed=0), State.in_memory()
        self.store = Store(clock=self.clock, account="123456789012", region="eu-west-1", state=state)
        self.handlers = generated(self.store, state, who=lambda _: WHO)

    def __call__(self, name, body):
        operation = MODEL.operation_model(name)
        params = typed(operation.input_shape, body)
        validate(operation, params)
        result = self.handlers[name](params, Call(operation, params, "key", "eu-west-1", "localhost"))
        shape = operation.output_shape
        return jsonable(shape, project(shape, result)) if shape is not None else {}

    def made(self, name):
        """A resource of a kind with all its members, and what it hangs on: the request, and what names it."""
        request = {**sample(input_of(f"Create{name}"), full=WHOLE), **self._parents(name)}
        if name == "Algorithm":
            del request["ValidationSpecification"]  # refused, since it would run jobs
        answer = self(f"Create{name}", request)
        known = {**request, **answer}
        return request, {member: known[member] for member in input_of(f"Describe{name}").required_members}

    def _parents(self, name):
        named = {}
        for path, parent in PARENTS.get(name, {}).items():
            _, identity = self.made(parent)
            arn = self.store.all(kinds()[parent])[-1][kinds()[parent].arn_member]
            put(named, path, identity.get(path, arn), sample(input_of(f"Create{name}"), full=WHOLE))
        return named


def put(target, path, value, whole):
    """Put a value at a path, keeping what stands beside it in a whole request."""
    head, _, rest = path.partition(".")
    target[head] = {**whole[head], rest: value} if rest else value


def input_of(operation):
    """The input shape of an operation."""
    return MODEL.operation_model(operation).input_shape


def output_of(operation):
    """The output shape of an operation, or what it wraps."""
    shape = MODEL.operation_model(operation).output_shape
    name = operation.removeprefix("Describe")
    return shape.members[name] if set(shape.members) == {name} else shape


def bare(name, shown):
    """What a Describe shows, without the wrapping that some have."""
    return shown.get(name, shown) if set(shown) == {name} else shown


def reduced(shape, value):
    """A request's value as an answer's shape names it."""
    return jsonable(shape, project(shape, typed(shape, value)))


def test_the_plain_kinds_are_known():
    """A new version of botocore that brings one has it looked at."""
    assert len(PLAIN) >= 20


@pytest.mark.parametrize("name", PLAIN)
def test_a_resource_shows_every_member_that_was_given_and_every_one_that_the_model_demands(name):
    """Nothing is dropped between Create and Describe."""
    engine = Engine()
    request, identity = engine.made(name)
    shown, shape = bare(name, engine(f"Describe{name}", identity)), output_of(f"Describe{name}")
    kept = {m: v for m, v in request.items() if m in shape.members and m not in UNSHOWN.get(name, set())}
    lost = {m: (reduced(shape.members[m], v), shown.get(m)) for m, v in kept.items()}
    assert {m: pair for m, pair in lost.items() if pair[0] != pair[1]} == {}
    assert [member for member in shape.required_members if member not in shown] == []
    unseen = set(request) - set(shape.members) - NEVER_SHOWN
    assert unseen <= UNSHOWN_BY_AWS.get(name, set())


@pytest.mark.parametrize("name", [name for name in PLAIN if f"Update{name}" in MODEL.operation_names])
def test_a_change_is_shown_and_leaves_the_rest(name):
    """All members of Update, where there is one, are found again; what was given before and not since stays."""
    engine = Engine()
    _, identity = engine.made(name)
    before = bare(name, engine(f"Describe{name}", identity))
    engine.clock.advance(timedelta(minutes=1))
    request = {**sample(input_of(f"Update{name}"), full=WHOLE), **identity}
    engine(f"Update{name}", request)
    after, shape = bare(name, engine(f"Describe{name}", identity)), output_of(f"Describe{name}")
    changed = {m.removesuffix("ForUpdate"): v for m, v in request.items()}
    for member, value in changed.items():
        if member in shape.members:
            assert contains(after[member], reduced(shape.members[member], value)), member
    times = {"LastModifiedTime", "LastUpdatedDate"}
    assert all(after[time] - before[time] == 60 for time in times if time in before)
    assert {m: v for m, v in before.items() if m not in changed and m not in times}.items() <= after.items()


def contains(held, given):
    """Whether a value has all of another one in it."""
    if isinstance(held, dict) and isinstance(given, dict):
        return all(key in held and contains(held[key], part) for key, part in given.items())
    return held == given


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_is_taken_once_and_free_after_a_delete(name):
    """Create refuses a second one; Describe and Delete refuse what is gone."""
    engine = Engine()
    request, identity = engine.made(name)
    if not kinds()[name].made_id:
        with pytest.raises(AwsError) as taken:
            engine(f"Create{name}", request)
        assert taken.value.code == kinds()[name].exists_code
    if f"Delete{name}" not in MODEL.operation_names:
        return
    engine(f"Delete{name}", {**sample(input_of(f"Delete{name}")), **identity})
    for verb in ("Describe", "Delete"):
        with pytest.raises(AwsError) as missing:
            engine(f"{verb}{name}", {**sample(input_of(f"{verb}{name}")), **identity})
        assert missing.value.code == kinds()[name].missing_code
    engine(f"Create{name}", request)


@pytest.mark.parametrize("name", PLAIN)
def test_a_resource_is_listed_with_what_its_summary_has(name):
    """Every member of the summary that the request gave or the model demands is in it."""
    engine = Engine()
    request, _ = engine.made(name)
    operation = MODEL.operation_model(list_operation(kinds()[name]))
    rows, shape = next((m, s.member) for m, s in operation.output_shape.members.items() if s.type_name == "list")
    asked = {member: request[member] for member in operation.input_shape.required_members}
    (summary,) = engine(operation.name, asked)[rows]
    given = {m: reduced(shape.members[m], v) for m, v in request.items() if m in shape.members}
    assert given.items() <= summary.items()
    assert [member for member in shape.required_members if member not in summary] == []


@pytest.mark.parametrize(
    ("child", "parent"), [(child, parent) for child in PLAIN for parent in PARENTS.get(child, {}).values()]
)
def test_what_another_one_hangs_on_must_be_there_and_stays(child, parent):
    """Create of the child needs the parent; Delete of the parent waits until the child is gone."""
    engine = Engine()
    request, identity = engine.made(child)
    owner = engine.store.all(kinds()[parent])[0]
    named = {member: owner[member] for member in input_of(f"Describe{parent}").required_members}
    with pytest.raises(AwsError, match="in use"):
        engine(f"Delete{parent}", named)
    engine(f"Delete{child}", {**sample(input_of(f"Delete{child}")), **identity})
    engine(f"Delete{parent}", named)
    with pytest.raises(AwsError) as missing:
        engine(f"Create{child}", request)
    assert missing.value.code == kinds()[parent].missing_code
