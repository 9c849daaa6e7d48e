"""The door: ``python -m infra --stage STAGE``, and the app that ``cdk deploy -c stage=STAGE`` runs.

With ``--output DIR`` the templates are written there; ``--definition MODEL`` writes one pipeline's definition to the
standard output instead, in a tenth of the time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import env
from env.errors import EnvError
from infra import bundle, node
from infra.errors import BundleError, InfraError

_CHECKOUT = Path(__file__).parents[1]
_PIPELINES = _CHECKOUT / "pipelines"


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
    try:
        if options.definition is not None:
            sys.stdout.write(_definition(options.definition, stage) + "\n")
        else:
            _synthesize(stage, options.output, context)
    except (InfraError, EnvError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _definition(model: str, stage: env.Stage) -> str:
    """The definition that a stage gives a model's pipeline. Raises InfraError or EnvError."""
    parts = stage.models.get(model)
    if parts is None or parts.training is None:
        raise BundleError(
            f"env/{stage.name}.toml: there is no [models.{model}.training]; this stage does not train it."
        )
    return bundle.definition(bundle.read(model, pipelines=_PIPELINES), stage, parts.training)


def _synthesize(stage: env.Stage, output: Path, context: Mapping[str, Any]) -> None:
    for warning in env.warnings(stage):
        sys.stderr.write(f"warning: {warning}\n")
    node.choose()
    from infra import assembly

    assembly.synthesize(stage, pipelines=_PIPELINES, assembly=output, context=context)


def _options(arguments: list[str] | None, *, default_stage: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra", description="Synthesize the CloudFormation of one stage.")
    parser.add_argument("--stage", default=default_stage, required=default_stage is None, help=", ".join(env.names()))
    parser.add_argument("--output", type=Path, help="default: cdk.out/<stage>, or where the CDK wants it")
    parser.add_argument("--definition", metavar="MODEL", help="write the definition of a model's pipeline instead")
    options = parser.parse_args(arguments)
    default_output = os.environ.get("CDK_OUTDIR") or _CHECKOUT / "cdk.out" / options.stage
    options.output = options.output or Path(default_output)
    return options


if __name__ == "__main__":
    sys.exit(main())
