import json
import os
import zipfile
from pathlib import Path

import pytest
import uv

from local.sagemaker.inside.pip.__main__ import main
from local.sagemaker.inside.pip.command import UnknownOptionError, read
from local.sagemaker.inside.pip.overlay import link


def test_requirements_come_from_the_command_line_and_from_files(tmp_path):
    """Comments are none, options of no effect are passed over, others are handed on."""
    file = tmp_path / "requirements.txt"
    file.write_text("pandas==2.0  # data\n\n# all:\nnumpy>=1\n")
    asked = read(["-q", "--no-cache-dir", "--index-url", "https://example.org", "-U", "-r", str(file), "boto3"])
    assert asked.requirements == ("pandas==2.0", "numpy>=1", "boto3")
    assert asked.options == ("--index-url", "https://example.org", "--upgrade")


def test_a_file_that_says_more_than_names_is_left_to_uv(tmp_path):
    """Options of its own, addresses; a constraint is no requirement."""
    file, bounds = tmp_path / "requirements.txt", tmp_path / "constraints.txt"
    file.write_text("--extra-index-url https://example.org\nnumpy\n")
    bounds.write_text("numpy<3\n")
    asked = read(["-r", str(file), "-c", str(bounds)])
    assert asked.files == (("--requirement", str(file)), ("--constraint", str(bounds)))
    assert read(["-c", str(bounds)]).is_empty()
    assert not asked.is_empty()


def test_what_pip_knows_and_this_one_does_not_is_refused():
    """Rather than to install something else than was asked for."""
    with pytest.raises(UnknownOptionError, match="--root"):
        read(["--root", "/", "numpy"])


def test_what_the_image_has_is_there_whatever_stands_in_for_it():
    """Its own pins are satisfied on AWS; another version than the image's is not."""
    image = {"pytest": "0.1"}
    left, told = read(["pytest==0.1", "pytest==0.2", "pytest>=3"]).without(image)
    assert left.requirements == ("pytest==0.2", "pytest>=3")
    assert told == [f"pytest {pytest.__version__} stands in for 0.1"]
    assert read(["Typing_Extensions==0.1"]).without({"typing-extensions": "0.1"})[0].is_empty()


def test_other_commands_do_nothing(capsys):
    """`pip uninstall` must not fail, and must not act."""
    assert main(["uninstall", "--yes", "typing"]) == 0
    assert "nothing is changed" in capsys.readouterr().out


@pytest.fixture
def container(tmp_path, monkeypatch):
    """The settings that a container has; gives its folder of installed libraries and the one of all containers."""
    site, overlays = tmp_path / "site", tmp_path / "overlays"
    site.mkdir()
    (tmp_path / "wheels").mkdir()
    settings = {
        "uv": uv.find_uv_bin(),
        "overlays": str(overlays),
        "site": str(site),
        "network": False,
        "image": {},
        "env": {"HOME": str(tmp_path), "PATH": os.defpath, "UV_FIND_LINKS": str(tmp_path / "wheels")},
    }
    (tmp_path / "pip.json").write_text(json.dumps(settings))
    monkeypatch.setenv("SLUICE_PIP", str(tmp_path / "pip.json"))
    return site, overlays


@pytest.fixture
def wheel(tmp_path, container):
    """Makes wheels of one module, `greeting`, for an index of files alone."""

    def make(version: str) -> Path:
        file = tmp_path / "wheels" / f"greeting-{version}-py3-none-any.whl"
        info = f"greeting-{version}.dist-info"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("greeting/__init__.py", f"VERSION = {version!r}\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: greeting\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return file

    return make


def test_a_library_is_installed_beside_the_interpreter_and_kept_for_the_next(wheel, container, capsys):
    """One folder for one set of requirements; the interpreter's own libraries stay as they are."""
    site, overlays = container
    made = wheel("1.0")
    before = sorted(entry.name for entry in Path(pytest.__file__).parents[1].iterdir())
    assert main(["install", "greeting==1.0", "pytest"]) == 0
    assert "Successfully installed greeting-1.0" in capsys.readouterr().out
    assert (site / "greeting" / "__init__.py").read_text() == "VERSION = '1.0'\n"
    (kept,) = overlays.iterdir()
    made.unlink()  # what is kept needs no index
    assert main(["install", "greeting==1.0", "pytest"]) == 0
    assert [kept] == list(overlays.iterdir())
    assert before == sorted(entry.name for entry in Path(pytest.__file__).parents[1].iterdir())


def test_a_library_that_is_not_to_be_had_fails_with_the_words_of_the_installer(container, capsys):
    """And with the remedy; nothing of it is kept."""
    _, overlays = container
    assert main(["install", "no-such-thing==1"]) == 1
    said = capsys.readouterr().err
    assert "no-such-thing" in said
    assert "requirements could not be installed" in said
    assert not overlays.exists() or list(overlays.iterdir()) == []


def test_what_comes_from_the_disk_is_installed_each_time(wheel, container):
    """Its name does not tell what is in it."""
    site, overlays = container
    assert main(["install", str(wheel("1.0"))]) == 0
    assert main(["install", str(wheel("2.0"))]) == 0
    assert (site / "greeting" / "__init__.py").read_text() == "VERSION = '2.0'\n"
    assert not overlays.exists()


@pytest.mark.parametrize(
    "words", [["-q", "install"], ["--disable-pip-version-check", "install", "-q"], ["--retries", "3", "install"]]
)
def test_options_may_stand_before_the_command(wheel, container, words):
    """As people write them who want less said."""
    site, _ = container
    wheel("1.0")
    assert main([*words, "greeting"]) == 0
    assert (site / "greeting" / "__init__.py").exists()


def test_a_folder_of_its_own_gets_what_the_image_has_too(wheel, container, tmp_path):
    """`--target` makes a folder that is whole in itself."""
    site, _ = container
    wheel("1.0")
    settings = json.loads((tmp_path / "pip.json").read_text())
    (tmp_path / "pip.json").write_text(json.dumps({**settings, "image": {"pytest": pytest.__version__}}))
    assert main(["install", "--no-deps", "--target", str(tmp_path / "own"), f"pytest=={pytest.__version__}"]) == 1
    assert main(["install", "--target", str(tmp_path / "own"), "greeting==1.0"]) == 0
    assert (tmp_path / "own" / "greeting" / "__init__.py").exists()
    assert list(site.iterdir()) == []


def test_another_index_may_have_another_library_of_the_name(wheel, container, tmp_path):
    """What was kept of the one is not taken for the other's."""
    _, overlays = container
    wheel("1.0")
    assert main(["install", "greeting==1.0"]) == 0
    (tmp_path / "wheels").rename(tmp_path / "others")
    (tmp_path / "wheels").mkdir()
    settings = json.loads((tmp_path / "pip.json").read_text())
    settings["env"]["UV_FIND_LINKS"] = str(tmp_path / "others")
    (tmp_path / "pip.json").write_text(json.dumps(settings))
    assert main(["install", "greeting==1.0"]) == 0
    assert len(list(overlays.iterdir())) == 2


def test_what_a_killed_installation_has_left_is_cleared_away(wheel, container):
    """After a day; until then it may be under way."""
    _, overlays = container
    wheel("1.0")
    old, new = overlays / "0123.89ab", overlays / "4567.cdef"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "half").touch()
    os.utime(old, (0, 0))
    assert main(["install", "greeting==1.0"]) == 0
    assert (old.exists(), new.exists()) == (False, True)


def test_folders_of_one_name_are_put_together(tmp_path):
    """Two libraries may share a namespace; the later one wins where both have a file."""
    site = tmp_path / "site"
    site.mkdir()
    for number in ("1", "2"):
        folder = tmp_path / number / "shared"
        folder.mkdir(parents=True)
        (folder / f"only{number}.py").write_text(number)
        (folder / "both.py").write_text(number)
        link(tmp_path / number, site)
    assert {file.name: file.read_text() for file in (site / "shared").iterdir()} == {
        "only1.py": "1",
        "only2.py": "2",
        "both.py": "2",
    }
    assert (tmp_path / "1" / "shared" / "both.py").read_text() == "1"
