"""Script mode, as the training toolkit inside AWS's framework images does it (sagemaker-training-toolkit)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from local.sagemaker.archives import unpack
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.errors import ArchiveError, JobFailed, S3Error
from local.sagemaker.s3 import Files

_CODE = "/opt/ml/code"
_CONFIG = "/opt/ml/input/config"
_NAMED = 12
_OWN = ("sagemaker_", "_tuning_objective_metric")
_INSTALL_FIRST = ("/bin/sh", "-c", 'python3 -m pip install -r requirements.txt && exec "$@"', "sh")


def script_program(
    hyperparameters: Mapping[str, str], container: Container, files: Files, *, env: Mapping[str, str]
) -> Program:
    """Unpack the submitted code and give the script with hyperparameters as arguments and SM_* variables.

    Hyperparameters are JSON where they parse as such. Those that begin with `sagemaker_` are the toolkit's own, and so
    is the one by which a trial of a tuning job is told its metric.
    """
    decoded = {name: _decoded(value) for name, value in hyperparameters.items()}
    if "sagemaker_submit_directory" not in decoded:
        raise JobFailed(
            "ClientError: there is no hyperparameter sagemaker_submit_directory that says where the code is"
        )
    _fetch_code(str(decoded["sagemaker_submit_directory"]), container, files)
    own = {name: value for name, value in decoded.items() if not name.startswith(_OWN)}
    command = [*_interpreted(str(decoded["sagemaker_program"]), container), *_arguments(own)]
    if (container.outside(_CODE) / "requirements.txt").is_file():
        command = [*_INSTALL_FIRST, *command]
    return Program(command, {**_variables(decoded, own, container), **env}, cwd=_CODE)


def _interpreted(script: str, container: Container) -> list[str]:
    """How the toolkit starts an entry point. Raises JobFailed when the code has none of that name."""
    code = container.outside(_CODE)
    if not (code / script).is_file():
        there = ", ".join(sorted(entry.name for entry in code.iterdir())[:_NAMED]) or "nothing"
        raise JobFailed(
            f"ClientError: the entry point {script} is not in the submitted code, which holds {there}: give one of "
            "these as the entry script, or add it to the source folder"
        )
    return ["python3", script] if script.endswith(".py") else ["/bin/sh", script]


def _fetch_code(uri: str, container: Container, files: Files) -> None:
    archive = container.root / "sourcedir.tar.gz"
    try:
        files.download(uri, archive)
        unpack(archive, container.make(_CODE))
    except (S3Error, ArchiveError) as error:
        raise JobFailed(f"ClientError: the submitted code cannot be fetched: {error}") from error


def _arguments(own: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sorted(own.items()):
        yield f"--{name}" if len(name) > 1 else f"-{name}"
        if isinstance(value, dict):
            yield ",".join(f"{key}={member}" for key, member in sorted(value.items()))
        else:
            yield "" if value is None else str(value)


def _variables(decoded: Mapping[str, Any], own: Mapping[str, Any], container: Container) -> dict[str, str]:
    """The SM_* variables, of which SM_TRAINING_ENV holds the others (sagemaker-training-toolkit, documentation)."""
    channels = json.loads(container.read_text(f"{_CONFIG}/inputdataconfig.json") or "{}")
    resources = json.loads(container.read_text(f"{_CONFIG}/resourceconfig.json") or "{}")
    script = str(decoded["sagemaker_program"])
    facts = {
        "model_dir": "/opt/ml/model",
        "input_dir": "/opt/ml/input",
        "input_config_dir": _CONFIG,
        "output_dir": "/opt/ml/output",
        "output_data_dir": "/opt/ml/output/data",
        "output_intermediate_dir": "/opt/ml/output/intermediate",
        "module_dir": str(decoded["sagemaker_submit_directory"]),
        "module_name": script.removesuffix(".py"),
        "user_entry_point": script,
        "current_host": "algo-1",
        "hosts": ["algo-1"],
        "current_instance_type": resources.get("current_instance_type"),
        "current_instance_group": resources.get("current_group_name"),
        "network_interface_name": "eth0",
        "log_level": decoded.get("sagemaker_container_log_level", 20),
        "num_cpus": os.cpu_count(),
        "num_gpus": 0,
        "num_neurons": 0,
        "input_data_config": channels,
        "resource_config": resources,
    }
    folders = {name: f"/opt/ml/input/data/{name}" for name in channels}
    whole = {**facts, "hyperparameters": own, "channel_input_dirs": folders, "is_master": True}
    told = {
        **facts,
        "user_args": list(_arguments(own)),
        "channels": sorted(channels),
        "hps": dict(own),
        "training_env": {**whole, "job_name": decoded.get("sagemaker_job_name")},
        **{f"channel_{name}": folder for name, folder in folders.items()},
        **{f"hp_{name}": value for name, value in own.items()},
    }
    return {f"SM_{name.upper()}": _encoded(value) for name, value in told.items()}


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _encoded(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
