"""The analyzer on the command line, and as the container of SageMaker's monitoring jobs.

    python -m monitor baseline DATA… --output FOLDER [--policy FILE] [--ignore COLUMN]
    python -m monitor check DATA… --baseline FOLDER [--output FOLDER] [--report FILE] [--policy FILE]
                                  [--start TIME --end TIME]

DATA are files or folders: Parquet, CSV, JSON lines, SageMaker's data capture. A check exits 0 when all is well, 1 with
violations or when it could not judge, 2 when it was called wrongly. Without arguments, in an environment that names a
`dataset_source`, it is the analyzer of Model Monitor's container contract.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from monitor import judging
from monitor.judgement import Judgement, Outcome
from monitor.policy import BadPolicy, FeaturePolicy, Policy
from monitor.profile import Profile
from monitor.reading import Reading, read
from monitor.report import Run, page


def main(argv: list[str]) -> int:
    """Runs a command; gives the exit code."""
    if not argv and "dataset_source" in os.environ:
        from monitor import container

        return container.main(os.environ)
    if argv[:1] == ["clarify"]:
        from monitor.clarify import job

        return job.main(os.environ)
    options = _parser().parse_args(argv)
    try:
        return _baseline(options) if options.command == "baseline" else _check(options)
    except (BadPolicy, judging.BadBaseline, OSError, orjson.JSONDecodeError) as failure:
        sys.stderr.write(f"Error: {failure}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m monitor", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    baseline = commands.add_parser("baseline", help="write statistics.json, constraints.json and the profile of data")
    check = commands.add_parser("check", help="hold data against a baseline")
    for each in (baseline, check):
        each.add_argument("data", nargs="+", type=Path, help="files or folders")
        each.add_argument("--policy", type=Path, help="policy as JSON, as `env` writes it; its part `data` is enough")
        each.add_argument("--ignore", action="append", default=[], metavar="COLUMN", help="a column to leave out")
    baseline.add_argument("--output", type=Path, required=True, help="the folder to fill")
    check.add_argument("--baseline", type=Path, required=True, help="the folder of a baseline; AWS's files will do")
    check.add_argument("--output", type=Path, help="the folder for the three files of the check")
    check.add_argument("--report", type=Path, help="the HTML page to write")
    check.add_argument("--start", type=_time, help="captures from this time on (ISO 8601 with a time zone)")
    check.add_argument("--end", type=_time, help="captures before this time")
    return parser


def _baseline(options: argparse.Namespace) -> int:
    reading = read(_there(options.data))
    profile = Profile.of(reading, leave_out=options.ignore)
    _tell_skipped(reading)
    if not profile.rows:
        sys.stderr.write("Error: the data hold no row.\n")
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    for name, content in judging.documents(profile, _policy(options).data).items():
        (options.output / name).write_bytes(content)
    sys.stdout.write(f"{profile.rows:,} rows, {len(profile.columns)} columns: {options.output}\n")
    return 0


def _check(options: argparse.Namespace) -> int:
    files = {path.name: path.read_bytes() for path in sorted(options.baseline.iterdir()) if path.is_file()}
    baseline = judging.load(files)
    columns = [each.name for each in baseline.constraints.features if each.name != "prediction"]
    reading = read(_there(options.data), columns=columns, start=options.start, end=options.end)
    judgement = judging.judge(baseline, Profile.of(reading, leave_out=options.ignore), _policy(options))
    _tell_skipped(reading)
    _tell(judgement)
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        for name, content in judgement.files.items():
            (options.output / name).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    if options.report:
        options.report.write_text(_page(options, reading, judgement), encoding="utf-8")
    return 0 if judgement.outcome is Outcome.COMPLETED else 1


def _page(options: argparse.Namespace, reading: Reading, judgement: Judgement) -> str:
    now = datetime.now(UTC)
    run = Run(
        stage="by hand",
        model=", ".join(path.name for path in options.data),
        package_version="",
        run=f"{now:%Y%m%dT%H%M%SZ}",
        start=options.start or now,
        end=options.end or now,
        made=now,
        rows=reading.rows,
        skipped={reason: skipped.count for reason, skipped in reading.skipped.items()},
        examples={reason: skipped.examples for reason, skipped in reading.skipped.items()},
        baseline=str(options.baseline),
    )
    return page(run, [judgement])


def _policy(options: argparse.Namespace) -> Policy:
    document = orjson.loads(options.policy.read_bytes()) if options.policy else {}
    policy = Policy.of(document)
    ignored = {name: FeaturePolicy(ignore=True) for name in options.ignore}
    return replace(policy, data=replace(policy.data, features={**policy.data.features, **ignored}))


def _tell(judgement: Judgement) -> None:
    sys.stdout.write(f"{judgement.outcome}: {judgement.reason}\n")
    for violation in judgement.violations:
        sys.stdout.write(f"  {violation.feature}: {violation.check}: {violation.description}\n")


def _tell_skipped(reading: Reading) -> None:
    for reason, skipped in reading.skipped.items():
        sys.stderr.write(f"Left out, {reason}: {skipped.count}, as {'; '.join(skipped.examples[:2])}\n")


def _there(paths: list[Path]) -> list[Path]:
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path}.")
    return paths


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text}: a time zone is missing, as in 2026-11-02T09:00:00Z")
    return time


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
