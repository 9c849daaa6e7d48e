import re
from pathlib import Path

from cli.compiling import stand_ins

PAGE = (Path(__file__).parents[2] / "docs" / "compiling.md").read_text()
SESSIONS = {"session", "sagemaker_session", "pipeline_session", "region"}


def test_the_page_names_what_a_pipeline_may_ask_for():
    """The names that `get_pipeline` may ask for are those of the page, no more and no less."""
    sentence = re.search(r"A function `get_pipeline`(.*?)Anything else", PAGE, flags=re.DOTALL)[1]
    assert set(re.findall(r"`(\w+)`", sentence)) == SESSIONS | set(stand_ins.values())
