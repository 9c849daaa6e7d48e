"""What the README and the other pages say is true of the code."""

import re
import shlex
from pathlib import Path

import click
import pytest

from cli.__main__ import sluice

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^\$ (.+?)(?:\s+#.*)?$", README, flags=re.MULTILINE)


@pytest.mark.parametrize("verb", sorted(sluice.commands))
def test_every_verb_is_in_the_readme(verb):
    """A command that the README does not mention does not exist for its reader."""
    assert re.search(rf"\bsluice {verb}\b", README)


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith(".venv/bin/sluice")])
def test_every_sluice_command_of_the_readme_parses(line):
    """Verbs, arguments and options are as the README spells them."""
    _, verb, *arguments = shlex.split(line)
    command = sluice.commands[verb]
    with click.Context(command) as context:
        command.parse_args(context, arguments)


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("make ")])
def test_every_make_target_of_the_readme_exists(line):
    """The Makefile has the targets that the README names."""
    assert re.search(rf"^{line.split()[1]}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_link_between_pages_leads_somewhere(page):
    """Relative links name files that exist."""
    links = re.findall(r"\]\((?!http)([^)#]+)", (ROOT / page).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_names_the_rooms():
    """The table of rooms is the tree."""
    rooms = set(re.findall(r"^\| `(\w+)/` \|", README, flags=re.MULTILINE))
    assert rooms == {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
