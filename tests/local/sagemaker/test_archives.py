import gzip
import os
import zlib

import pytest

from local.sagemaker.archives import pack, unpack
from local.sagemaker.errors import ArchiveError


@pytest.fixture
def folder(tmp_path):
    """A model of two files."""
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "weights").write_text("w" * 1000)
    (folder / "deep" / "run.sh").write_text("true")
    (folder / "deep" / "run.sh").chmod(0o755)
    return folder


def test_the_same_content_gives_the_same_bytes(folder, tmp_path):
    """Whenever its files were written."""
    pack(folder, tmp_path / "one.tar.gz")
    os.utime(folder / "weights", (1, 1))
    pack(folder, tmp_path / "two.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()


def test_what_is_packed_comes_out_again(folder, tmp_path):
    """With the rights to run it."""
    pack(folder, tmp_path / "model.tar.gz")
    unpack(tmp_path / "model.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "weights").read_text() == "w" * 1000
    assert os.access(tmp_path / "out" / "deep" / "run.sh", os.X_OK)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b half"])
def test_what_is_no_archive_is_told_by_its_name(tmp_path, content):
    """In one line."""
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"model\.tar\.gz is not a readable tar\.gz archive: [^\n]+$"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "out")


def test_an_archive_that_is_damaged_in_the_middle_is_told(folder, tmp_path):
    """Behind a good beginning, where only the decompression notices."""
    pack(folder, tmp_path / "model.tar.gz")
    packer, content = zlib.compressobj(wbits=31), gzip.decompress((tmp_path / "model.tar.gz").read_bytes())
    beginning = packer.compress(content[: content.index(b"www") + 100]) + packer.flush(zlib.Z_FULL_FLUSH)
    (tmp_path / "model.tar.gz").write_bytes(beginning + b"\x07")  # a block of a type that there is not
    with pytest.raises(ArchiveError, match=r"model\.tar\.gz is not a readable tar\.gz archive: [^\n]+$"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "out")
