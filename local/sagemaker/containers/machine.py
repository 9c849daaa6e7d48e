"""The machine that containers run on: interpreters for images, credentials for roles, children that see /opt/ml."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from local.errors import ValidationError
from local.images import Images, Interpreter
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.containers.isolation import Isolation, isolation
from local.sagemaker.containers.overlays import write_settings
from local.sagemaker.identity import Identities
from local.services import Services

_INSIDE = Path(__file__).resolve().parents[1] / "inside"
_PASSED_ON = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


class Machine:
    """Starts programs under the container contract; every child belongs to `services.processes`."""

    def __init__(
        self, services: Services, images: Images, identities: Identities, *, isolated_by: Isolation | None = None
    ) -> None:
        self._services, self._images, self._identities = services, images, identities
        self._isolated_by = isolated_by

    def require(self, image: str) -> None:
        """Refuse by name an image without a local counterpart (UnsupportedLocally)."""
        self._images.require(image)

    def require_role(self, role_arn: str) -> None:
        """Refuse a role of another account, and one that SageMaker cannot assume, as AWS does."""
        if role_arn.split(":")[4:5] != [self._services.account]:
            raise ValidationError("Cross-account pass role is not allowed.")
        self._identities.check(role_arn)

    def container(self, *path: str) -> Container:
        """A fresh container below the cloud's work folder."""
        return Container(self._services.workdir.joinpath("sagemaker", *path))

    def interpreter(self, image: str) -> Interpreter:
        """The Python that stands for an image."""
        return self._images.interpreter(image)

    def launch(
        self,
        container: Container,
        program: Program,
        *,
        interpreter: Interpreter,
        role_arn: str,
        output: IO[bytes],
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a program in a container under its role's credentials. Raises OSError."""
        settings = write_settings(container, interpreter, network=program.network)
        if interpreter.algorithm:
            settings["SLUICE_ALGORITHM"] = interpreter.algorithm
        env = {**self._environment(container, interpreter.python, role_arn), **settings, **program.env}
        paths = [str(_INSIDE), program.env.get("PYTHONPATH"), str(container.site)]
        env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        how = (self._isolated_by or isolation()).launch(container, dataclasses.replace(program, env=env))
        return self._services.processes.start(how.argv, env=how.env, cwd=how.cwd, output=output, pass_fds=pass_fds)

    def _environment(self, container: Container, python: Path, role_arn: str) -> dict[str, str]:
        region = self._services.region
        return {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "PATH": f"{container.site / 'bin'}:{self._commands(python)}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(container.home),
            "TMPDIR": str(container.tmp),
            "PYTHONUNBUFFERED": "1",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self._services.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self._identities.environ(role_arn),
        }

    def _commands(self, python: Path) -> Path:
        """A folder with the `python` and `pip` that an image has on its PATH.

        Scripts and not links: a link to a virtual environment's Python would lose the environment.
        """
        key = hashlib.sha256(str(python).encode()).hexdigest()[:16]
        folder = self._services.workdir / "sagemaker" / "commands" / key
        if not folder.exists():
            scratch = folder.with_name(f"{key}.{os.urandom(4).hex()}")
            scratch.mkdir(parents=True)
            for names, arguments in ((("python", "python3"), ""), (("pip", "pip3"), "-m pip ")):
                for name in names:
                    _write_command(scratch / name, f'exec {shlex.quote(str(python))} {arguments}"$@"')
            _move_unless_there(scratch, folder)
        return folder


def _write_command(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    file.chmod(0o755)


def _move_unless_there(scratch: Path, folder: Path) -> None:
    try:
        scratch.rename(folder)
    except OSError:
        if not folder.exists():
            raise  # else a parallel job was faster, with the same content
