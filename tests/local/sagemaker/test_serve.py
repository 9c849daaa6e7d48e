import json
import subprocess
from pathlib import Path

import pytest

import local.sagemaker.inside

ASK = """
import json, sys, types
from sluice_serve import Transformer

model = types.SimpleNamespace(predict=lambda data: data[:, 0] * 2)
doubler = Transformer(types.SimpleNamespace(model_fn=lambda folder: model))
answer = doubler.answer(sys.argv[1].encode(), sys.argv[2], sys.argv[3], {})
print(json.dumps([answer.status, answer.content_type, answer.body.decode()]))
"""


@pytest.fixture
def ask(image_python):
    """Asks a model that doubles the first column, without functions of its own, in the image's interpreter."""
    env = {"PYTHONPATH": str(Path(local.sagemaker.inside.__file__).parent), "SM_MODEL_DIR": "/nowhere"}

    def ask(body, content_type, accept):
        command = [image_python, "-c", ASK, body, content_type, accept]
        return json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)

    return ask


def test_csv_goes_in_and_comes_out_by_default(ask):
    """A row a line, a prediction a line."""
    status, content_type, body = ask("1,9\n2,9\n", "text/csv", "text/csv")
    assert (status, content_type, body.split()) == (200, "text/csv; charset=utf-8", ["2.0", "4.0"])


def test_json_goes_in_and_comes_out_by_default(ask):
    """One row may come as a flat list."""
    assert ask("[1, 9]", "application/json", "application/json") == [200, "application/json", "[2.0]"]


def test_types_that_no_default_knows_are_refused(ask):
    """415 for what came, 406 for what is wanted."""
    assert ask("x", "image/png", "text/csv")[0] == 415
    assert ask("1,2", "text/csv", "image/png")[0] == 406
