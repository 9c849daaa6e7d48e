"""Monitors a model: judges a window of its traffic, makes its baseline, gathers labelled requests to train with."""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.errors import RequestError
from lambdas.ledger import answered
from lambdas.settings import from_environ

if TYPE_CHECKING:
    from monitor.policy import Policy
    from monitor.running.clients import Clients
    from monitor.running.place import Place

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage, its buckets, the SSM parameters of its models' policies, and its jobs.

    ``namespace`` is what the namespaces of Model Monitor's metrics begin with; ``models`` has the parameter of each
    monitored model. A window above a policy's size is looked at by a Processing job with ``job_image``, in
    ``job_role``, which runs the files under ``job_code``, maybe in the network of ``subnets``.
    """

    stage: str
    capture_bucket: str
    artifact_bucket: str
    key: str
    namespace: str
    models: Mapping[str, str]
    job_role: str
    job_image: str
    job_code: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    from monitor.running.clients import live

    return live()


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Do what ``event["action"]`` asks for ``event["model"]``: ``run``, ``baseline`` or ``training-data``.

    ``run`` judges the window that ends at ``time`` (ISO 8601, as the schedule says it) or now, and gives the verdict;
    of a large window it gives the name of the job that judges it. Where SageMaker's own monitors look
    at the model, ``run`` tells what their last turn has found. ``baseline`` makes one of ``data``,
    ``predictions`` and ``contract`` (S3 URIs) under ``output``, all texts, as a pipeline's step takes them.
    ``training-data`` writes what was labelled in the last ``hours`` as a file of training data. Raises RequestError for
    another action, or a model that the stage does not monitor.
    """
    settings, made = from_environ(Settings, os.environ), clients()
    action, model = str(event.get("action", "")), str(event.get("model", ""))
    known: Mapping[str, Callable[[dict[str, Any], Settings, Clients], dict[str, Any]]] = {
        "run": _run,
        "baseline": _baseline,
        "training-data": _training_data,
    }
    if action not in known:
        raise RequestError(f"there is no action {action!r}: there are {', '.join(known)}")
    if action != "baseline" and model not in settings.models:
        monitored = ", ".join(sorted(settings.models)) or "none"
        raise RequestError(f"stage {settings.stage} does not monitor {model!r}: it monitors {monitored}")
    report = known[action](event, settings, made)
    _log.info("done", extra={"action": action, "model_": model, "report": report})
    return report


def _run(event: dict[str, Any], settings: Settings, clients: Clients) -> dict[str, Any]:
    from datetime import datetime

    from monitor.running import job, run
    from monitor.running.window import SETTLING, Window

    found = clients.ssm.get_parameter(Name=settings.models[event["model"]])
    policy, place = _policy(found), _place(event["model"], settings)
    if policy.schedule == "model-monitor":
        from monitor.running import executions

        return executions.tell(place, policy, clients)
    end = datetime.fromisoformat(event["time"]) - SETTLING if event.get("time") else answered(found)
    window = Window.ending(end, minutes=policy.window_minutes)
    jobs = job.Jobs(
        role=settings.job_role,
        image=settings.job_image,
        code=settings.job_code,
        key=settings.key,
        parameter=settings.models[event["model"]],
        subnets=settings.subnets,
        security_groups=settings.security_groups,
    )
    return run.run(place, policy, window, clients, jobs=jobs)


def _baseline(event: dict[str, Any], settings: Settings, clients: Clients) -> dict[str, Any]:
    from monitor.policy import Policy
    from monitor.running import baseline

    parameter = settings.models.get(event["model"])
    policy = _policy(clients.ssm.get_parameter(Name=parameter)) if parameter else Policy()
    needed = {name: str(event[name]) for name in ("data", "predictions", "contract", "output")}
    given = {name: str(event[name]) for name in ("evaluation", "explainability") if name in event}
    wanted = baseline.Wanted(**needed, **given)
    return baseline.make(wanted, policy, clients)


def _training_data(event: dict[str, Any], settings: Settings, clients: Clients) -> dict[str, Any]:
    from datetime import timedelta

    from monitor.running import training_data
    from monitor.running.window import Window

    found = clients.ssm.get_parameter(Name=settings.models[event["model"]])
    now = answered(found)
    window = Window(start=now - timedelta(hours=float(event["hours"])), end=now)
    return training_data.gather(_place(event["model"], settings), _policy(found), window, clients)


def _policy(parameter: Any) -> Policy:
    from monitor.policy import Policy

    return Policy.of(json.loads(parameter["Parameter"]["Value"]))


def _place(model: str, settings: Settings) -> Place:
    from monitor.running.place import Place

    return Place(
        stage=settings.stage,
        model=model,
        capture_bucket=settings.capture_bucket,
        artifact_bucket=settings.artifact_bucket,
        namespace=settings.namespace,
    )
