"""How fast the analyzer says what has moved, beside a bare scan of the same files and the libraries people would use.

    .venv/bin/python benchmarks/monitor.py [--only drift|large|capture|function] [--quick]

One million rows of 20 numbers and 10 categories against another million, the same two Parquet files for all, each
library in a process and an environment of its own (made the first time, under .cache), its clock running from the first
byte read to the verdict. The scan decodes every column with the analyzer's reader and threads, sums the numbers and the
bytes of categories, and is the limit. Then ten million rows, captured requests beside `orjson.loads`, and the size of
the function. Prints a table, then one line `RESULT name=value goal=value ok|short` a goal; exits 1 if any is short.
About ten minutes on two cores; `--quick` takes a tenth of the rows. Linux alone: it reads the peak of memory there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from drift import captures, function, peers, tables  # noqa: E402 - the analyzer is imported from the checkout

ROWS, TIMES_MORE = 1_000_000, 10
CAPTURED = 200_000
ROUNDS = 5
PATIENCE_SECONDS = 1_200
_CACHE = ROOT / ".cache" / "benchmarks"
_OURS = [sys.executable, str(peers.PROGRAMS / "ours.py")]
_SCAN = [sys.executable, str(peers.PROGRAMS / "scan.py")]


@dataclass(frozen=True)
class Result:
    """One figure against its goal."""

    name: str
    value: float
    goal: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"RESULT {self.name}={self.value:.2f} goal={self.goal:g} {'ok' if self.reached else 'short'}"

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True)
class Look:
    """One comparison of two files: seconds, peak memory in MB, the columns that have moved."""

    seconds: float
    peak_mb: float
    moved: tuple[str, ...]


def main() -> None:
    """Measure, print, judge."""
    options = _options()
    rows = ROWS // 10 if options.quick else ROWS
    chosen = [part for name, part in PARTS.items() if options.only in (None, name)]
    results = [result for part in chosen for result in part(rows)]
    for result in results:
        print(result)
    sys.exit(0 if all(result.reached for result in results) else 1)


def of_drift(rows: int) -> Iterator[Result]:
    """Ours beside the limit and beside the peers."""
    files = _tables(rows)
    rounds = [(_look(_SCAN, files), _look(_OURS, files)) for _ in range(ROUNDS)]
    scan, ours = (_median(looks) for looks in zip(*rounds, strict=True))
    print(f"{'compares ' + format(rows, ',') + ' rows':<28}{'seconds':>9}{'times ours':>12}{'peak MB':>9}  moved")
    _print("scan (the limit)", scan, ours)
    _print("Sluice", ours, ours)
    evidently = _peer(peers.EVIDENTLY, files, ours)
    others = [look for peer in peers.OTHERS if (look := _peer(peer, files, ours))]
    print()
    # Each round's own ratio: what else the machine did meanwhile slowed both.
    yield Result("times_scan", statistics.median(our.seconds / its.seconds for its, our in rounds), 4)
    if evidently:
        yield Result("times_faster_than_evidently", evidently.seconds / ours.seconds, 20, at_least=True)
    if others:
        fastest = min(look.seconds for look in others)
        yield Result("times_faster_than_the_fastest_other", fastest / ours.seconds, 3, at_least=True)
    yield Result("peak_mb", ours.peak_mb, 800)
    yield Result("columns_told_rightly", float(ours.moved == tables.MOVED), 1, at_least=True)


def of_large(rows: int) -> Iterator[Result]:
    """Ten times the rows: time grows with them, memory hardly."""
    small, large = _look(_OURS, _tables(rows)), _look(_OURS, _tables(rows * TIMES_MORE, of=rows))
    for name, look in ((f"{rows:,} rows", small), (f"{rows * TIMES_MORE:,} rows", large)):
        print(f"{name:<28}{look.seconds:>9.2f} s{look.peak_mb:>9.0f} MB")
    print()
    yield Result("times_for_ten_times_the_rows", large.seconds / small.seconds, 11)
    yield Result("memory_for_ten_times_the_rows", large.peak_mb / small.peak_mb, 1.5)


def of_capture(rows: int) -> Iterator[Result]:
    """Captured requests in each encoding: columns of them, beside parsing the same lines and throwing them away."""
    lines = min(rows, CAPTURED)
    for encoding in captures.ENCODINGS:
        path = _CACHE / f"capture-{lines}-{encoding}.jsonl"
        columns = captures.write(path, table=_tables(rows)[1], rows=lines, encoding=encoding)
        rounds = [(captures.parse(path), captures.analyze(path, columns)) for _ in range(ROUNDS)]
        alone, ours = (statistics.median(each) for each in zip(*rounds, strict=True))
        print(f"{lines:,} requests in {encoding}: orjson alone {lines / alone:,.0f} a second, ours {lines / ours:,.0f}")
        share = statistics.median(alone / ours for alone, ours in rounds)
        yield Result(f"share_of_orjsons_speed_{encoding}", share, 0.5, at_least=True)
    print()


def of_function(rows: int) -> Iterator[Result]:
    """The Lambda: its size for Lambda's platform, and the import of its libraries here, cold."""
    megabytes, seconds = function.unpacked_megabytes(), function.cold_import_seconds()
    print(f"the monitor's function: {megabytes:.0f} MB unpacked; its libraries import in {seconds:.2f} s, cold, here\n")
    yield Result("function_mb", megabytes, 230)


PARTS: dict[str, Callable[[int], Iterator[Result]]] = {
    "drift": of_drift,
    "large": of_large,
    "capture": of_capture,
    "function": of_function,
}


def _tables(rows: int, *, of: int | None = None) -> list[str]:
    """Reference and current; written the first time. Ten times as many are the same rows ten times over."""
    folder = _CACHE / f"tables-{tables.KEY}-{rows}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "reference.parquet", folder / "current.parquet"]
    for number, path in enumerate(paths):
        if path.exists():
            continue
        partial = path.with_suffix(".partial")
        if of is None:
            tables.write(partial, rows=rows, moved=number == 1, seed=number)
        else:
            tables.repeat(Path(_tables(of)[number]), partial, times=rows // of)
        partial.replace(path)
    return [str(path) for path in paths]


def _peer(peer: peers.Peer, files: Sequence[str], ours: Look) -> Look | None:
    try:
        look = _look(peer.command(), files)
    except peers.PeerError as error:
        print(f"{peer.name:<28}{'':>9}  {error}", flush=True)
        return None
    _print(peer.name, look, ours)
    return look


def _look(command: Sequence[str], files: Sequence[str]) -> Look:
    said = json.loads(peers.run([*command, *files], patience_seconds=PATIENCE_SECONDS))
    return Look(said["seconds"], said["peak_mb"], tuple(said["moved"]))


def _median(looks: Sequence[Look]) -> Look:
    return sorted(looks, key=lambda look: look.seconds)[len(looks) // 2]


def _print(name: str, look: Look, ours: Look) -> None:
    times = look.seconds / ours.seconds
    moved = f"{len(look.moved)} of 30" if look.moved else "-"
    print(f"{name:<28}{look.seconds:>9.2f}{times:>12.1f}{look.peak_mb:>9.0f}  {moved}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    return parser.parse_args()


if __name__ == "__main__":
    main()
