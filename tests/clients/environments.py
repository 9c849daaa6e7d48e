"""An interpreter for each client, in an environment of its own under .cache/clients."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import uv

from cli.compiling import environment
from local import environments as local_environments

ROOT = Path(__file__).parents[2]
LOCKS = Path(__file__).with_name("locks")
PATIENCE_SECONDS = 600


def python(client: str) -> Path:
    """The Python that has ``client`` as its lock pins it, made once: ``locks/<client>.txt``, by uv pip compile."""
    if client == "sagemaker-v3":  # the one that compiles pipelines, as uv.lock pins it
        return environment.interpreter(ROOT, progress=print)
    if client == "mlflow":  # the one that serves MLflow's pages, likewise
        return local_environments.interpreter("tracking")
    folder, lock = ROOT / ".cache" / "clients" / client, LOCKS / f"{client}.txt"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        installed = folder / "installed.txt"
        if not installed.exists() or installed.read_text() != lock.read_text():
            _uv("venv", "--quiet", "--clear", "--python", sys.executable, folder)
            _uv("pip", "sync", "--quiet", "--python", folder / "bin" / "python", lock)
            installed.write_text(lock.read_text())
    return folder / "bin" / "python"


def _uv(*arguments: object) -> None:
    command = [uv.find_uv_bin(), *map(str, arguments)]
    subprocess.run(command, check=True, env=dict(os.environ), cwd=ROOT, timeout=PATIENCE_SECONDS)
