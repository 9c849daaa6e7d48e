"""`sluice plan-canary`: would a stage's canary catch a bad version, and what would it cost until then?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click

from cli.connection import known_model, load_stage, stage_option
from cli.errors import CliError, WrongUseError
from cli.printing import json_option, out, print_json, print_rows, seconds, working
from env.advice import FACTOR, POWER, expected_traffic
from env.errors import EnvError
from env.power import Detection, Forecast, forecast
from env.remedy import settings_for
from env.stage import Expected, Serving
from env.watching import Settings, Traffic

_CHANCE = click.FloatRange(0, 1, min_open=True, max_open=True)
_POSITIVE = click.FloatRange(0, min_open=True)
_EXPECTED = {"rpm": "requests_per_minute", "baseline_error": "error_rate", "latency_ms": "latency_ms"}


@click.command("plan-canary")
@click.argument("model")
@stage_option
@click.option("--rpm", type=_POSITIVE, help="Requests per minute to the endpoint.")
@click.option("--baseline-error", type=_CHANCE, help="Share of a good version's answers that are errors.")
@click.option("--latency-ms", type=_POSITIVE, help="Milliseconds that half of a good version's answers keep.")
@click.option(
    "--factor", type=click.FloatRange(1, min_open=True), default=FACTOR, show_default=True, help="How many times worse."
)
@click.option("--power", type=_CHANCE, default=POWER, show_default=True, help="The chance to catch it, as wished for.")
@json_option
def plan_canary(
    model: str, stage: str | None, as_json: bool, factor: float, power: float, **given: float | None
) -> None:
    """Reckon whether the canary of MODEL would catch a bad version, and what it would cost until then.

    Asks no cloud: what the endpoint is expected to see stands in the stage's file (serving.expected); --rpm,
    --baseline-error and --latency-ms take its place. Exit 1 when a version with so many times the errors is caught
    less often than --power wishes.
    """
    loaded = load_stage(stage)
    name = known_model(loaded, model)
    serving = expecting(loaded.models[name].serving, {k: v for k, v in given.items() if v is not None})
    traffic = expected_traffic(serving)
    try:
        told = forecast(Settings.of(serving), traffic, factor=factor)
    except EnvError as error:
        raise WrongUseError(str(error)) from error
    changes = list[dict[str, Any]]()
    if told.errors.in_first_bake < power:
        with working("looking for settings that catch it in the first bake"):
            better = settings_for(serving, traffic, power=power, factor=factor)
        changes = list(differences(serving, better)) if better else []
    if as_json:
        print_json({"traffic": asdict(traffic), **asdict(told), "power": power, "changes": changes})
    else:
        _tell(serving, traffic, told)
        if told.errors.in_first_bake < power:
            out.print(_advice(f"env/{loaded.name}.toml", name, changes=changes, power=power))
    if told.errors.in_deployment < power:
        caught = f"{told.errors.in_deployment:.1%} of versions with {factor:g} times the errors"
        raise CliError(f"these settings catch {caught}, and {power:.0%} are wished for")


def expecting(serving: Serving, given: Mapping[str, float]) -> Serving:
    """The same settings for other requests than the stage's file expects. Raises WrongUseError for none at all."""
    if not given:
        return serving
    if serving.expected is None and "rpm" not in given:
        raise WrongUseError("say how many requests a minute there are: --rpm, or serving.expected in the stage's file")
    known = serving.expected.model_dump() if serving.expected else {}
    expected = Expected(**{**known, **{_EXPECTED[name]: value for name, value in given.items()}})
    return serving.model_copy(update={"expected": expected})


def differences(serving: Serving, other: Serving) -> Iterator[dict[str, Any]]:
    """The keys in which two settings differ, with both values."""
    before, after = dict(_flat(serving.model_dump())), dict(_flat(other.model_dump()))
    for key, value in after.items():
        if before.get(key) != value:
            yield {"key": f"serving.{key}", "now": before.get(key), "better": value}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _tell(serving: Serving, traffic: Traffic, told: Forecast) -> None:
    settings = Settings.of(serving)
    phases = ", then ".join(f"{phase.share:.0%} of the requests for {phase.seconds:g} s" for phase in settings.phases)
    out.print(f"{serving.deployment.policy}: {phases}; {told.judged:.1%} of the first minutes have requests to judge")
    probes = f", and {traffic.probes_per_minute} probes a minute" if traffic.probes_per_minute else ""
    out.print(
        f"at {traffic.requests_per_minute:g} requests a minute{probes}; a good version makes {traffic.error_rate:.2%} "
        f"errors and answers half in {traffic.median_latency_ms:g} ms\n"
    )
    rows = [
        _row(f"{told.factor:g} times the errors", told.errors),
        _row(f"{told.factor:g} times the latency", told.latency),
    ]
    print_rows(rows, as_json=False)
    out.print(f"\na good version is rolled back with a chance of {told.false_rollback:.2%}")
    horizon = seconds(told.horizon_seconds)
    out.print(f"bad answers are counted for {horizon}; unguarded: all at once, with nobody watching")


def _row(kind: str, detection: Detection) -> dict[str, Any]:
    return {
        "a version with": kind,
        "caught in first bake": f"{detection.in_first_bake:.1%}",
        "in deployment": f"{detection.in_deployment:.1%}",
        "after": seconds(detection.seconds_to_catch) or "never",
        "bad answers": f"{detection.bad_answers:,.0f}",
        "unguarded": f"{detection.bad_answers_unguarded:,.0f}",
    }


def _advice(file: str, model: str, *, changes: list[dict[str, Any]], power: float) -> str:
    if not changes:
        return (
            f"\nno canary, bake or alarm catches {power:.0%} in the first bake at these requests: it takes more of them"
        )
    wanted = "\n".join(f"  models.{model}.{c['key']} = {c['better']!r} (now {c['now']!r})" for c in changes)
    return f"\nto catch {power:.0%} of more errors in the first bake already, in {file}:\n{wanted}"
