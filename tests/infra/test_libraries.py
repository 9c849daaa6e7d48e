"""The layer of the monitor's function."""

import platform
import subprocess
import sys
import zipfile

import pytest

from infra import libraries

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_every_library_is_pinned_by_hash():
    """What is put into a function that judges models is what uv.lock names, byte for byte."""
    lines = libraries.requirements().splitlines()
    pinned = [line for line in lines if not line.startswith((" ", "#"))]
    assert {line.split("==")[0] for line in pinned} == {"numpy", "orjson", "pyarrow"}
    assert sum("--hash=sha256:" in line for line in lines) > len(pinned)


def test_another_platform_is_another_archive():
    """An archive of this machine's wheels is never taken for one of Lambda's."""
    assert libraries.digest() != libraries.digest(platform="x86_64-manylinux_2_28")


@pytest.mark.clients
def test_the_archive_holds_lambdas_platform_and_leaves_room_for_code():
    """Unpacked it stays below the limit, with AWS's folder for Python on top."""
    entries = zipfile.ZipFile(libraries.archive()).infolist()
    assert sum(entry.file_size for entry in entries) < libraries.LARGEST_BYTES
    assert {entry.filename.split("/")[0] for entry in entries} == {"python"}
    native = [entry.filename for entry in entries if ".cpython-" in entry.filename]
    assert native
    assert all("cpython-314-aarch64-linux-gnu" in name for name in native)


@pytest.mark.clients
def test_every_checkout_builds_the_same_archive(tmp_path):
    """Its key in the bucket follows from versions alone, and whoever deploys next finds it there."""
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_bytes((libraries.archive().parents[2] / name).read_bytes())
    assert libraries.archive(checkout=tmp_path).read_bytes() == libraries.archive().read_bytes()


@pytest.mark.clients
@pytest.mark.skipif(sys.platform != "linux", reason="wheels for Linux run on Linux")
def test_what_is_taken_out_is_never_missed(tmp_path):
    """The analyzer's libraries import from an archive of this machine's platform alone."""
    archive = libraries.archive(python=HERE, platform=f"{platform.machine()}-manylinux_2_28")
    zipfile.ZipFile(archive).extractall(tmp_path)
    wanted = "import numpy, orjson, pyarrow, pyarrow.csv, pyarrow.parquet, pyarrow.compute, pyarrow.dataset"
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'python')!r}); {wanted}; print(pyarrow.__file__)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))


def test_what_cannot_be_had_is_said(tmp_path):
    """uv's own words are the reason, not a traceback."""
    with pytest.raises(libraries.LibrariesError, match="cannot be had"):
        libraries.install(tmp_path / "python", "no-such-library==1 --hash=sha256:00\n", python="3.14", platform="linux")
