import re
import shlex
from pathlib import Path

import click
import pytest

from cli.__main__ import sluice

ROOT = Path(__file__).parents[2]
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", RUNBOOKS, flags=re.MULTILINE | re.DOTALL))
PARTS = ("**You see**", "**It is over**")


def anchor(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


ANCHORS = {anchor(heading) for heading in SECTIONS}


def sources():
    """Every line of ours that people may read a link in."""
    for room in ("cli", "lambdas", "infra", "docs"):
        for path in (ROOT / room).rglob("*"):
            if path.suffix in (".py", ".md"):
                yield path.relative_to(ROOT), path.read_text()


def test_every_link_to_a_runbook_leads_to_a_section():
    """A message at night must not lead into the void."""
    linked = {(str(path), link) for path, text in sources() for link in re.findall(r"runbooks\.md#([\w-]+)", text)}
    linked |= {("docs/runbooks.md", link) for link in re.findall(r"\(#([\w-]+)\)", RUNBOOKS)}
    assert linked
    assert {(path, link) for path, link in linked if link not in ANCHORS} == set()


def test_the_table_of_anchors_is_complete():
    """Every section is listed at the top, in the order of the page."""
    listed = re.findall(r"^\| \[`#([\w-]+)`\]", RUNBOOKS, flags=re.MULTILINE)
    assert listed == [anchor(heading) for heading in SECTIONS]


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_says_what_is_seen_and_when_it_is_over(heading):
    """Nobody who was woken is left without an end."""
    assert [part for part in PARTS if part not in SECTIONS[heading]] == []


@pytest.mark.parametrize("line", re.findall(r"^\$ (sluice [^#\n]+?)\s*(?:#.*)?$", RUNBOOKS, flags=re.MULTILINE))
def test_every_command_of_the_runbooks_parses(line):
    """Verbs and options are those of the command line."""
    _, verb, *arguments = shlex.split(line)
    command = sluice.commands[verb]
    with click.Context(command) as context:
        command.parse_args(context, arguments)
