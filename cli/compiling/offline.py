"""Runs an author's ``get_pipeline`` without network and writes down the definition; a program of its own.

Called with the model's folder, an output folder, and JSON: the ``arguments`` of ``get_pipeline`` and the ``place``
(account, region) that AWS's answers come from. The output folder receives ``definition.json`` and
``uploads/<bucket>/<key>``, or ``fault.txt`` with one sentence for the author. It runs under the interpreter that has
the SageMaker SDK, so it is one file and imports nothing of the kit.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import io
import json
import socket
import sys
import traceback
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import boto3
import botocore.session
from botocore.awsrequest import AWSResponse

ENTRY = "get_pipeline"
CHECKOUT = Path(__file__).resolve().parents[2]

_CALLER = """<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:sts::{account}:assumed-role/sluice-compile/compile</Arn><UserId>compile</UserId>
<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
_ROLE = """<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>sluice-compile-pipeline</RoleName>
<RoleId>AROA00000000000000000</RoleId><Arn>{role}</Arn><CreateDate>2020-01-01T00:00:00Z</CreateDate>
</Role></GetRoleResult></GetRoleResponse>"""
_BUCKETS = """<ListAllMyBucketsResult><Buckets><Bucket><Name>{bucket}</Name>
<CreationDate>2020-01-01T00:00:00Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"""


class NetworkUseError(Exception):
    """Code that defines a pipeline reached for the network; the text says for what."""


class AuthorFaultError(Exception):
    """What is wrong with the author's file, as one sentence."""


class Answers:
    """What every botocore session of this process hears instead of AWS.

    They are the answers to the few calls that the SDK makes while a pipeline is being defined; all others are refused.
    Uploads land in a folder: they are the code and data files that the pipeline's jobs will need.
    """

    def __init__(self, uploads: Path, values: dict[str, str]) -> None:
        self._uploads = uploads
        self._texts = {
            "sts.GetCallerIdentity": _CALLER.format_map(values),
            "iam.GetRole": _ROLE.format_map(values),
            "s3.ListBuckets": _BUCKETS.format_map(values),
            "s3.HeadBucket": "",
        }

    def install(self) -> None:
        """Answer the sessions made from now on, whoever makes them."""
        original = botocore.session.Session.__init__

        def start(session: Any, *args: Any, **kwargs: Any) -> None:
            original(session, *args, **kwargs)
            session.register("before-send", self.answer)

        setattr(botocore.session.Session, "__init__", start)  # noqa: B010  # the one seam below every client

    def answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        """The response to ``request``, which botocore then does not send."""
        operation = event_name.removeprefix("before-send.")
        if operation == "s3.PutObject":
            self._keep(request)
            return _response(request, "")
        if operation not in self._texts:
            raise NetworkUseError(f"AWS's {operation}")
        return _response(request, self._texts[operation])

    def _keep(self, request: Any) -> None:
        address = urllib.parse.urlsplit(request.url)
        path = self._uploads / address.netloc.split(".")[0] / urllib.parse.unquote(address.path.lstrip("/"))
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)


class _Body(io.BytesIO):
    """A response body as urllib3 would give it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


def _response(request: Any, text: str) -> AWSResponse:
    headers: Any = {"content-type": "text/xml", "etag": '"offline"'}
    return AWSResponse(request.url, 200, headers, _Body(text.encode()))


def close_network() -> None:
    """Refuse every name look-up and every connection of this process from now on, with NetworkUseError."""

    def look_up(address: Any, *_: Any, **__: Any) -> NoReturn:
        raise NetworkUseError(f"the host {address[0] if isinstance(address, tuple) else address}")

    def connect(_: socket.socket, address: Any) -> NoReturn:
        look_up(address)

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        setattr(socket, name, look_up)
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, connect)


def main(folder: Path, output: Path, request: dict[str, Any]) -> int:
    """Write the definition, or the fault, into ``output``; 0 when there is a definition."""
    try:
        definition = _define(folder, output / "uploads", request)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the author's code raises is told to the author
        (output / "fault.txt").write_text(told(error, folder), encoding="utf-8")
        return 1
    (output / "definition.json").write_text(definition, encoding="utf-8")
    return 0


def _define(folder: Path, uploads: Path, request: dict[str, Any]) -> str:
    close_network()
    Answers(uploads, {**request["arguments"], **request["place"]}).install()
    context = importlib.import_module("sagemaker.core.workflow.pipeline_context")
    session = context.PipelineSession(
        boto_session=boto3.Session(region_name=request["place"]["region"]),
        default_bucket=request["arguments"]["bucket"],
    )
    pipeline = entry(load(folder / "pipeline.py"))(session=session, **request["arguments"])
    if not hasattr(pipeline, "definition"):
        raise AuthorFaultError(f"pipeline.py: {ENTRY} returns {type(pipeline).__name__}; return the SDK's Pipeline.")
    return str(pipeline.definition())


def load(path: Path) -> ModuleType:
    """The module in the file ``path``, which may import its neighbours, and what models share from ``pipelines``."""
    sys.path.insert(0, str(path.parent))
    sys.path.append(str(CHECKOUT))  # the last: no room of the kit hides a library
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise AuthorFaultError(f"{path.name} cannot be loaded as a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def entry(module: ModuleType) -> Any:
    """The function ``get_pipeline`` of ``module``; AuthorFaultError when it cannot be called as agreed."""
    found = getattr(module, ENTRY, None)
    if not callable(found):
        raise AuthorFaultError(
            f"pipeline.py has no function {ENTRY}; add {ENTRY}(*, session, role, bucket, kms_key, model)."
        )
    try:
        inspect.signature(found).bind(session=None, role="", bucket="", kms_key="", model="")
    except TypeError as error:
        raise AuthorFaultError(
            f"pipeline.py: {ENTRY} must take session, role, bucket, kms_key and model by name; {error}."
        ) from error
    return found


def told(error: BaseException, folder: Path) -> str:
    """What ``error`` means to the author of the files in ``folder``, as one sentence with file and line."""
    if isinstance(error, AuthorFaultError):
        return str(error)
    where = _place(error, folder)
    for cause in _chain(error):
        if isinstance(cause, NetworkUseError):
            return (
                f"{where} asks for {cause}, but a pipeline is compiled without network; "
                f"use the arguments of {ENTRY} or pipeline parameters."
            )
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{where} raises {type(error).__name__}: {' '.join(message.split()) or 'no message'}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _place(error: BaseException, folder: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    for cause in _chain(error):
        frames = traceback.extract_tb(cause.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
        if own:
            return f"{Path(own[-1].filename).relative_to(folder)}:{own[-1].lineno}"
    return "pipeline.py"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])))
