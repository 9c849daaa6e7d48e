"""What a model under test serves, in the server process: usual answers, usual noise, and one fault.

Environment: ``VERSION``, ``FAULT``, and the figures of ``world.py``. Each answer says which version gave it.
"""

from __future__ import annotations

import json
import math
import os
import random
import signal
import time

_FAULT, _VERSION = os.environ["FAULT"], os.environ["VERSION"]
_kept: list[bytes] = []


def model_fn(model_dir: str) -> None:
    """Loads nothing, or does not start."""
    if _FAULT == "no_start":
        raise RuntimeError(f"{_VERSION} cannot load its weights")


def input_fn(body: bytes | str, content_type: str) -> str:
    """The category of a request."""
    return body if isinstance(body, str) else body.decode()


def predict_fn(category: str, model: None) -> float:
    """A score, after the time that it takes."""
    usual = random.lognormvariate(math.log(_figure("MEDIAN_LATENCY_MS") / 1000), _figure("SIGMA"))
    time.sleep(usual * (10 if _FAULT == "slow" else 1))
    if random.random() < _figure("NOISE"):
        raise RuntimeError(f"{_VERSION}: noise")
    return _with_fault(category)


def output_fn(score: float, accept: str) -> tuple[str, str]:
    """The score and the version. The kit's own inference code answers a score that is no number by a 500."""
    if _FAULT == "nan_refused" and not math.isfinite(score):
        raise RuntimeError(f"{_VERSION}: the score is no finite number")
    return json.dumps({"version": _VERSION, "score": score}), "application/json"


def _with_fault(category: str) -> float:
    if _FAULT == "always" or (_FAULT == "category" and category == "rare"):
        raise RuntimeError(f"{_VERSION}: fault")
    if _FAULT == "some" and random.random() < _figure("FAILING_SHARE"):
        raise RuntimeError(f"{_VERSION}: fault")
    if _FAULT == "hang":
        time.sleep(_figure("HANG_WALL_SECONDS"))
        raise SystemExit  # ends this request's thread, and with it the connection, without an answer
    if _FAULT == "leak":
        _kept.append(bytes(1_000_000))
        if len(_kept) >= _figure("LEAKED_REQUESTS"):
            os.kill(os.getpid(), signal.SIGKILL)
    return float("nan") if _FAULT in ("nan", "nan_refused") else 0.5


def _figure(name: str) -> float:
    return float(os.environ[name])
