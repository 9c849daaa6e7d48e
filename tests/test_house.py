"""The house keeps its shape: arrows, sizes, names."""

import ast
import functools
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("cli", "env", "infra", "lambdas", "local", "monitor", "pipelines")

ALLOWED = {
    "env": set(),
    "pipelines": set(),
    "lambdas": set(),
    "monitor": set(),
    "infra": {"env", "pipelines", "lambdas"},
    "local": {"env", "pipelines", "lambdas", "infra"},
    "cli": {"env"},
}
"""Room → the other rooms it may import."""

EXCEPTIONS = {"cli/up.py": {"local"}, "lambdas/run_monitor.py": {"monitor"}}
"""File → rooms that it alone may import besides."""

DRAWERS = {"utils", "helpers", "common", "shared", "misc", "constants"}
LONGEST_FUNCTION = 60
LONGEST_FILE = {"infra": 500}
LONGEST_FILE_ELSEWHERE = 400


@functools.cache
def sources():
    """Every Python file of ours but tests and templates, as a path relative to the checkout."""
    paths = [path.relative_to(ROOT) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    left_out = {"lock", "templates", "tests"}
    return [path for path in paths if not left_out & set(path.parts) and path.name != "conftest.py"]


@functools.cache
def parsed(path):
    """A source file's syntax tree; each file is parsed once for all tests."""
    return ast.parse((ROOT / path).read_text())


def statements(tree):
    """Every statement of a tree, at whatever depth; expressions, most of the nodes, hold none."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.expr):
            yield node
            yield from statements(node)


def imported_rooms(tree):
    """The rooms whose modules a file imports, wherever in the file."""
    for node in statements(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        yield from (name.split(".")[0] for name in names if name.split(".")[0] in ROOMS)


def bent_arrows(path, tree):
    """What a file imports that its room may not."""
    room = path.parts[0]
    allowed = ALLOWED[room] | {room} | EXCEPTIONS.get(path.as_posix(), set())
    return sorted(set(imported_rooms(tree)) - allowed)


def function_lengths(tree):
    """Name and number of lines of every function."""
    for node in statements(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_arrows_do_not_bend():
    """No room imports a room that the design does not let it see."""
    bent = {str(path): bent_arrows(path, parsed(path)) for path in sources()}
    assert {path: rooms for path, rooms in bent.items() if rooms} == {}


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("env/stage.py", "from infra import storage", ["infra"]),
        ("lambdas/release.py", "def f():\n    import local.clock", ["local"]),
        ("cli/deploy.py", "import local.cloud", ["local"]),
        ("cli/up.py", "import local.cloud", []),
        ("infra/training.py", "from env import naming", []),
    ],
)
def test_a_bent_arrow_is_seen(path, source, expected):
    """The walk sees imports at the top of a file and inside functions, and knows the one exception."""
    assert bent_arrows(Path(path), ast.parse(source)) == expected


def test_no_function_is_longer_than_a_screen():
    """Every function fits on a screen."""
    long = [
        f"{path}:{name} has {lines} lines"
        for path in sources()
        for name, lines in function_lengths(parsed(path))
        if lines > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_file_is_too_long_to_read():
    """Files stay short; declarations of infrastructure may run longer."""
    long = [
        f"{path} has {lines} lines"
        for path in sources()
        if (lines := len((ROOT / path).read_text().splitlines()))
        > LONGEST_FILE.get(path.parts[0], LONGEST_FILE_ELSEWHERE)
    ]
    assert long == []


def test_there_are_no_drawers():
    """No module is named after nothing in particular."""
    assert [str(path) for path in sources() if path.stem in DRAWERS] == []


def test_every_module_opens_with_its_purpose():
    """A module's docstring begins with one sentence that ends on its first paragraph."""
    without = []
    for path in sources():
        docstring = ast.get_docstring(parsed(path))
        if parsed(path).body and not (docstring and docstring.split("\n\n")[0].rstrip().endswith((".", ":", "?", "!"))):
            without.append(str(path))
    assert without == []


def test_git_does_not_ignore_the_stages():
    """The usual Python .gitignore swallows env/; ours does not."""
    tracked = subprocess.run(["git", "check-ignore", "env/stage.py", "env/prod.toml"], cwd=ROOT, capture_output=True)
    assert tracked.returncode == 1, tracked.stdout
