from pathlib import Path

import pytest

import env
from env import canary
from env.errors import EnvError, InvalidStagesError, UnknownStageError
from env.stage import Canary

GOOD = """
account = "111111111111"
region = "eu-west-1"
registry = true

[models.churn.training]
instance_type = "ml.m5.large"

[models.churn.serving]
instance_type = "ml.m5.large"
instance_count = 2

[models.churn.serving.deployment]
policy = "canary"
"""

FOLLOWING = """
account = "222222222222"
region = "eu-central-1"
after = "dev"
"""


@pytest.fixture
def root(tmp_path):
    """A folder with one valid stage, ``dev``."""
    (tmp_path / "dev.toml").write_text(GOOD)
    return tmp_path


def mistakes(root: Path, text: str, *, name: str = "dev") -> list[str]:
    """The sentences that loading a stage with this text ends in."""
    (root / f"{name}.toml").write_text(text)
    with pytest.raises(EnvError) as caught:
        env.load(name, root=root)
    return str(caught.value).splitlines()


def test_the_shipped_stages_are_valid_and_in_order():
    """The kit's own stages load, the laptop's alone first, then the chain from dev to prod."""
    assert env.names() == ["local", "dev", "staging", "prod"]
    assert [env.load(name).name for name in env.names()] == ["local", "dev", "staging", "prod"]


def test_local_needs_no_one():
    """The laptop's stage has its own registry, follows no other, and moves by canary with the shortest bakes."""
    stage = env.load("local")
    serving = stage.models["credit-risk"].serving

    assert (stage.account, stage.region, stage.registry, stage.first) == ("123456789012", "eu-west-1", True, True)
    expected = Canary(policy="canary", canary_percent=50, bake_seconds=240, final_bake_seconds=240)
    assert (2, expected) == (serving.instance_count, serving.deployment)
    assert canary.least_bake_seconds(minutes=serving.alarms.needed) == 240
    assert (stage.others, stage.before, stage.followers) == ((), None, ())


def test_a_later_stage_finds_the_registry_along_its_chain():
    """The registry of prod is the one that dev owns."""
    prod = env.load("prod")

    assert (prod.registry_account, prod.registry_region) == ("111111111111", "eu-west-1")
    assert (prod.registry, prod.after, prod.first) == (False, "staging", False)
    assert [place.name for place in prod.others] == ["dev", "staging"]
    assert (prod.before and prod.before.name, prod.followers) == ("staging", ())
    assert [place.name for place in env.load("staging").followers] == ["prod"]


def test_a_stage_cannot_be_changed():
    """A loaded stage is frozen, down to its parts."""
    stage = env.load("prod")

    with pytest.raises(ValueError, match="frozen"):
        stage.account = "444444444444"
    with pytest.raises(ValueError, match="frozen"):
        stage.models["credit-risk"].serving.instance_count = 1


def test_an_unknown_stage_lists_those_that_exist(root):
    """Whoever misspells a stage reads which there are."""
    with pytest.raises(UnknownStageError) as caught:
        env.load("devel", root=root)

    assert str(caught.value) == "env/devel.toml: stage 'devel' does not exist; the stages are: dev."


def test_the_table_of_images_is_no_stage(root):
    """``images.toml`` stands in the same folder and is not taken for a stage."""
    (root / "images.toml").write_text("")

    assert env.names(root) == ["dev"]


def test_a_syntax_error_names_file_and_line(root):
    """A file that is no TOML is reported with its line."""
    (line,) = mistakes(root, 'account = "1"\nregion =\n')

    assert line.startswith(f"{root.name}/dev.toml: line 2, column 9 is not TOML (invalid value);")


def test_nothing_is_concluded_from_a_file_that_cannot_be_read(root):
    """Beside a stage that is no TOML its followers are judged, and not told that it, or its registry, is missing."""
    (root / "prod.toml").write_text(FOLLOWING + "bogus = 1\n")
    (root / "dev.toml").write_text("account =\n")

    with pytest.raises(InvalidStagesError) as caught:
        env.load("prod", root=root)
    unreadable, bogus = str(caught.value).splitlines()
    assert "dev.toml: line 1" in unreadable
    assert "prod.toml: bogus = 1 is an unknown key" in bogus


def test_all_mistakes_come_together(root):
    """Misspelt keys, wrong types, missing keys and contradictions of one file are told at once."""
    text = GOOD.replace('"111111111111"', "111111111111").replace("instance_count = 2", "instance_count = 1")
    lines = mistakes(root, text.replace("registry", "regsitry") + 'bake_seconds = 60\n[network]\nsubnets = ["a"]\n')

    keys = {line.removeprefix(f"{root.name}/dev.toml: ").split(" ")[0] for line in lines}
    assert {
        "account",
        "regsitry",
        "models.churn.serving.instance_count",
        "models.churn.serving.deployment.bake_seconds",
        "network.subnets",
    } == keys


def test_nothing_is_concluded_from_a_value_that_is_unknown(root):
    """A misspelt ``instance_count`` is one mistake: no second one says that its default is too small."""
    (line,) = mistakes(root, GOOD.replace("instance_count", "instance_cuont"))

    assert "models.churn.serving.instance_cuont = 2 is an unknown key; did you mean instance_count?" in line


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"111111111111"', '"1"', 'account = "1" is not of the expected form; write it like "123456789012".'),
        ("registry = true", "registry = 1", "registry = 1 is neither true nor false; write it like false."),
        ('region = "eu-west-1"', "", 'region is missing; add it, for example region = "eu-west-1".'),
        (
            "instance_count = 2",
            'instance_count = "2"',
            'models.churn.serving.instance_count = "2" is not a whole number; write it like 1.',
        ),
        (
            "instance_count = 2",
            "instance_count = 0",
            "models.churn.serving.instance_count = 0 is too small; choose 1 or more.",
        ),
        (
            '"canary"',
            '"canari"',
            'models.churn.serving.deployment.policy = "canari" is not a policy; '
            'choose one of "all-at-once", "canary", "linear".',
        ),
        (
            '"canary"',
            '"canary"\ncanary_percent = 51',
            "models.churn.serving.deployment.canary_percent = 51 is too large; choose 50 or less.",
        ),
        (
            '"canary"',
            '"canary"\nstep_percent = 20',
            'models.churn.serving.deployment.step_percent = 20 has no effect with policy = "canary"; '
            "remove it, or choose another policy.",
        ),
        (
            '"canary"',
            '"linear"\nstep_percent = 5',
            "models.churn.serving.deployment.step_percent = 5 is too small; choose 10 or more.",
        ),
        (
            "[models.churn.training]",
            '[models.Churn_2]\nserving = 3\n[models.churn.training]\nparameters = { MinAuc = ["x"] }',
            "models.Churn_2 is no name of a model; "
            "use lower-case letters, digits and single hyphens, as in credit-risk.",
        ),
        (
            "[models.churn.training]",
            '[models.churn.training]\nparameters = { MinAuc = ["x"] }',
            'models.churn.training.parameters.MinAuc = ["x"] is neither a text, a number nor a truth value; '
            "write the one value it shall have.",
        ),
        (
            "[models.churn.training]",
            "[models.churn.serving.alarms]\nmodel_error_rate = nan\n[models.churn.training]",
            "models.churn.serving.alarms.model_error_rate = NaN is not a finite number; write it like 0.05.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_key_value_and_remedy(root, old, new, sentence):
    """What pydantic finds reaches the reader without a word of pydantic's."""
    assert f"{root.name}/dev.toml: {sentence}" in mistakes(root, GOOD.replace(old, new, 1))


def test_a_stage_after_one_that_does_not_exist_is_refused(root):
    """``after`` must name a stage that has a file."""
    lines = mistakes(root, FOLLOWING.replace("dev", "deve"), name="prod")

    assert (
        f'{root.name}/prod.toml: after = "deve" names a stage without a file; '
        "remove it, or name a stage that exists: dev." in lines
    )


def test_a_circle_of_stages_is_refused(root):
    """No stage can come after itself."""
    (root / "prod.toml").write_text(FOLLOWING)
    lines = mistakes(root, 'after = "prod"\n' + GOOD)

    assert sum("makes the stage come after itself" in line for line in lines) == 2


def test_a_chain_without_registry_is_refused(root):
    """Some stage of a chain must own the model package groups."""
    (root / "prod.toml").write_text(FOLLOWING)
    without_training = GOOD.replace('[models.churn.training]\ninstance_type = "ml.m5.large"\n', "")
    (line,) = mistakes(root, without_training.replace("registry = true", ""))

    assert "registry = false leaves the chain dev, prod without model package groups" in line


def test_two_registries_in_a_chain_are_refused(root):
    """A chain has one registry."""
    (line,) = mistakes(root, "registry = true\n" + FOLLOWING, name="prod")

    assert line.startswith(f"{root.name}/prod.toml: registry = true is a second registry in one chain, which dev owns")


def test_a_mistake_elsewhere_in_the_chain_is_told(root):
    """A stage is judged with its chain: the mistake of a later stage is reported, with its file."""
    (root / "prod.toml").write_text(FOLLOWING + "bogus = 1\n")

    with pytest.raises(InvalidStagesError, match=r"prod\.toml: bogus = 1 is an unknown key"):
        env.load("dev", root=root)


def test_a_mistake_in_another_chain_is_not(root):
    """A stage that stands alone loads, whatever other chains say."""
    (root / "lonely.toml").write_text("registry = true\naccount = 3\n")

    assert env.load("dev", root=root).name == "dev"


def test_a_chain_is_loaded_whatever_its_policies(root):
    """The policy of a deployment decides which of its kinds is loaded."""
    assert Canary(policy="canary") == env.load("dev", root=root).models["churn"].serving.deployment
