"""Cuts files into blocks of whole lines, small enough for the memory and large enough for speed."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from monitor.reading.reading import Skips

SIZE: Final = 8 << 20
WORTH_THREADS: Final = 1 << 20
"""Bytes from which on a parser gets threads; one that still lets go of its bytes when Python ends would abort it."""
LONGEST: Final = 64 << 20
"""A line of more bytes is left out."""


@dataclass(frozen=True)
class Block:
    """Some lines of a file."""

    data: bytes
    file: str
    line: int
    """The number of the first line, from 1."""
    whole: bool = True
    """False where the last line has no end: the file may still be being written."""

    def where(self, offset: int) -> str:
        """The place of the line `offset` lines after the first."""
        return f"{self.file}:{self.line + offset}"


def blocks(path: Path, skips: Skips, *, quotes: bool = False, size: int = SIZE) -> Iterator[Block]:
    """The blocks of about `size` bytes of a file, gzipped or not, in UTF-8 or (by its mark) UTF-16.

    With `quotes`, line ends between quotation marks end no block. Lines that are not UTF-8 are left out and counted.
    """
    line, rest = 1, b""
    with _Opened(path) as stream:
        while piece := stream.read(size):
            rest = rest + piece if rest else piece
            cut = _cut(rest, quotes=quotes)
            if cut:
                yield _decodable(Block(rest[:cut], path.name, line), skips)
                line += rest.count(b"\n", 0, cut)
                rest = rest[cut:]
            elif len(rest) > LONGEST:
                skips.add(
                    "a line is too long", f"{path.name}:{line}", why=f"more than {LONGEST >> 20} MB without an end"
                )
                rest = _after_line(stream)
                line += 1
    if rest:
        yield _decodable(Block(rest, path.name, line, whole=rest.endswith(b"\n")), skips)


def _cut(data: bytes, *, quotes: bool) -> int:
    """How many bytes end with a whole line; 0 for none."""
    end = data.rfind(b"\n") + 1
    if not quotes or b'"' not in data:
        return end
    while end and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end - 1) + 1
    return end


def _after_line(stream: _Opened) -> bytes:
    while piece := stream.read(SIZE):
        end = piece.find(b"\n") + 1
        if end:
            return piece[end:]
    return b""


def _decodable(block: Block, skips: Skips) -> Block:
    """The block without the lines that are not UTF-8: they stay as empty ones, for the others to keep their numbers."""
    if block.data.isascii() or _is_utf8(block.data):
        return block
    lines = block.data.split(b"\n")
    for offset, line in enumerate(lines):
        if not _is_utf8(line):
            skips.add("not UTF-8", block.where(offset), why=f"{line[:40]!r} is not UTF-8")
            lines[offset] = b""
    return Block(b"\n".join(lines), block.file, block.line, block.whole)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Opened:
    """A file's bytes in UTF-8, whatever it is packed and written in."""

    def __init__(self, path: Path) -> None:
        self._file: Any = path.open("rb")
        if self._file.read(2) == b"\x1f\x8b":
            self._file.close()
            self._file = gzip.GzipFile(path)
        self._file.seek(0)
        mark = self._file.read(3)
        self._file.seek(3 if mark == codecs.BOM_UTF8 else 0)
        self._text = None
        if mark[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            self._text = codecs.getreader("utf-16")(self._file, "replace")

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """At most about `size` bytes; none at the end."""
        return self._text.read(size).encode() if self._text else bytes(self._file.read(size))
