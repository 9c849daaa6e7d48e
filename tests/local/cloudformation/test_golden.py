from pathlib import Path

import pytest

from local.cloudformation.check import check_references, check_types
from local.cloudformation.template import parse

GOLDEN = Path(__file__).parents[2] / "golden" / "templates"
TEMPLATES = sorted(path.relative_to(GOLDEN).as_posix() for path in GOLDEN.glob("*/*.json"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_templates_of_every_stage_are_understood(name):
    """Those of the cloud's stages too: no type, property or attribute in them is refused here."""
    template = parse((GOLDEN / name).read_text(encoding="utf-8"))
    check_types(template)
    check_references(template)


def test_there_are_templates():
    """For each stage."""
    assert {name.partition("/")[0] for name in TEMPLATES} == {"dev", "local", "prod", "staging"}
