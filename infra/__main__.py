"""The door: ``python -m infra --stage STAGE [--output DIR]``, and the app that ``cdk deploy -c stage=STAGE`` runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import env
from env.errors import EnvError
from infra import node

_CHECKOUT = Path(__file__).parents[1]


def main(arguments: list[str] | None = None, *, root: Path | None = None) -> int:
    """Synthesize one stage. Gives 0, 1 when the stage's stacks cannot be built, 2 when the stage is no valid one.

    ``root`` is the folder of the stages' files, by default ``env/``. What a stage's settings would miss is said on
    standard error, and stops nothing.
    """
    context = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    options = _options(arguments, default_stage=context.get("stage"))
    try:
        stage = env.load(options.stage, root=root)
    except EnvError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for warning in env.warnings(stage):
        sys.stderr.write(f"warning: {warning}\n")
    node.choose()
    from infra import assembly
    from infra.errors import InfraError

    try:
        assembly.synthesize(stage, pipelines=_CHECKOUT / "pipelines", assembly=options.output, context=context)
    except (InfraError, EnvError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _options(arguments: list[str] | None, *, default_stage: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra", description="Synthesize the CloudFormation of one stage.")
    parser.add_argument("--stage", default=default_stage, required=default_stage is None, help=", ".join(env.names()))
    parser.add_argument("--output", type=Path, help="default: cdk.out/<stage>, or where the CDK wants it")
    options = parser.parse_args(arguments)
    default_output = os.environ.get("CDK_OUTDIR") or _CHECKOUT / "cdk.out" / options.stage
    options.output = options.output or Path(default_output)
    return options


if __name__ == "__main__":
    sys.exit(main())
