"""The peers, in an environment of their own under .cache, each as its documentation runs steps on one machine."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import uv
from cloud.servers import ROOT

from overhead.chains import FOLDER, Runner, program

_PACKAGES = ("dagster==1.13.29", "kedro==1.7.0", "kfp==2.16.1", "metaflow==2.19.39", "pip")
"""`pip`, since the local runner of Kubeflow Pipelines installs by it."""
_PROGRAMS = FOLDER / "programs"


def peers(python: Path) -> list[Runner]:
    """Each peer in its usual form and, where its documentation has one, in a faster form.

    KFP's usual form would make a virtual environment for each step as well, which takes half a minute a step.
    """
    flow = f'"{python}" "{_PROGRAMS / "metaflow_chain.py"}" "$STEPS" >flow.py && exec "{python}" flow.py run'
    kfp, dagster, kedro = (_PROGRAMS / f"{name}_chain.py" for name in ("kfp", "dagster", "kedro"))
    return [
        program("Metaflow", ["sh", "-c", flow]),
        program("KFP, subprocess", [python, kfp], INSTALL="yes"),
        program("KFP, no installs", [python, kfp], INSTALL=""),
        program("Dagster, multiprocess", [python, dagster], START="spawn"),
        program("Dagster, forkserver", [python, dagster], START="forkserver"),
        program("Kedro, parallel", [python, kedro], isolates=False, RUNNER="ParallelRunner"),
        program("Kedro, sequential", [python, kedro], isolates=False, RUNNER="SequentialRunner"),
    ]


def peers_python() -> Path:
    """The peers' Python, made the first time."""
    key = hashlib.sha256(" ".join((sys.version, *_PACKAGES)).encode()).hexdigest()[:12]
    folder = ROOT / ".cache" / "benchmarks" / f"peers-{key}"
    python, made = folder / "bin" / "python", folder / "made"
    if not made.exists():
        sys.stderr.write(f"making an environment for {', '.join(_PACKAGES)} (once)\n")
        for arguments in (
            ["venv", "-q", "--clear", "--python", sys.executable, folder],
            ["pip", "install", "-q", "--compile-bytecode", "--python", python, *_PACKAGES],
        ):
            subprocess.run([uv.find_uv_bin(), *arguments], check=True)
        made.touch()
    return python
