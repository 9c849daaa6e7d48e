"""What docs/aws_verified.md says of these tests is true of them."""

import re
from pathlib import Path

from tests.contract import test_questions

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "aws_verified.md").read_text()


def test_every_file_has_its_cost_on_the_page():
    """Nobody is to be surprised by a bill."""
    named = set(re.findall(r"^\| `(test_\w+\.py)` \|", PAGE, flags=re.MULTILINE))
    assert named == {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}


def test_every_question_is_on_the_page():
    """A row for each test, in their order."""
    tests = [name for name in vars(test_questions) if name.startswith("test_")]
    table = PAGE.split("| question |")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines()[2:] if line.startswith("| ")]
    assert len(rows) == len(tests) == 7
    assert all("?" in row for row in rows)
