"""The templates of every stage as they were last agreed on.

``SLUICE_GOLDEN=write .venv/bin/pytest tests/infra/test_golden.py`` writes them anew; the difference is read in review.
"""

import json
import os
import re

import pytest

import env
from tests.infra.templates import CHECKOUT

GOLDEN = CHECKOUT / "tests" / "golden" / "templates"
WRITE = os.environ.get("SLUICE_GOLDEN") == "write"


def scrubbed(template: dict) -> str:
    """A template without what changes with the code of functions and pipelines, which have tests of their own."""
    text = json.dumps(template, indent=1, sort_keys=True) + "\n"
    text = re.sub(r"\b[0-9a-f]{64}\.zip\b", "<asset>.zip", text)
    text = re.sub(r"/assets/[0-9a-f]{16}\b", "/assets/<asset>", text)
    return re.sub(r'"PipelineDefinitionBody": ".*"', '"PipelineDefinitionBody": "<definition>"', text)


@pytest.mark.parametrize("name", env.names())
def test_templates_are_as_agreed(whole, name):
    """Nothing in a template changes unseen, in no stage."""
    found = {f"{stack}.json": scrubbed(template) for stack, template in whole(name).templates().items()}
    folder = GOLDEN / name
    if WRITE:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.json"):
            path.unlink()
        for file, text in found.items():
            (folder / file).write_text(text)

    expected = {path.name: path.read_text() for path in folder.glob("*.json")}
    assert found.keys() == expected.keys()
    for file, text in found.items():
        assert json.loads(text) == json.loads(expected[file])
