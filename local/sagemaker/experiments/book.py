"""Experiments hold trials, trials hold components; a component may be in many trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.errors import ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.experiments.kinds import EXPERIMENT, TRIAL, TRIAL_COMPONENT
from local.sagemaker.experiments.metrics import MetricLog
from local.sagemaker.kinds import Kind
from local.sagemaker.lineage.associations import Associations
from local.sagemaker.lineage.names import group_arn
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

_MAPS = ("Parameters", "InputArtifacts", "OutputArtifacts")
_SOURCES = {"Experiment": "ExperimentSource", "Trial": "TrialSource", "TrialComponent": "TrialComponentSource"}


class Experiments:
    """The operations on experiments, trials and components.

    The trials of a component are its member `Parents`, as Search shows them.
    """

    def __init__(self, context: Context, *, associations: Associations, metrics: MetricLog) -> None:
        self._store, self._identities = context.store, context.identities
        self._associations, self._metrics = associations, metrics

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        made: dict[str, Handler] = {
            "CreateTrial": self.create_trial,
            "CreateTrialComponent": self.create_component,
            "UpdateTrialComponent": self.update_component,
            "DescribeTrialComponent": self.describe_component,
            "ListExperiments": self.list_experiments,
            "ListTrials": self.list_trials,
            "ListTrialComponents": self.list_components,
            "AssociateTrialComponent": self.associate,
            "DisassociateTrialComponent": self.disassociate,
            "DeleteExperiment": self.delete_experiment,
            "DeleteTrial": self.delete_trial,
            "DeleteTrialComponent": self.delete_component,
        }
        for kind in (EXPERIMENT, TRIAL, TRIAL_COMPONENT):
            for verb, make in (("Create", self._create), ("Describe", self._describe), ("Update", self._update)):
                made.setdefault(f"{verb}{kind.name}", make(kind))
        return made

    def create_trial(self, params: Params, call: Call) -> Params:
        """Keep a trial of an experiment that exists. Raises ResourceNotFound."""
        stamps = self._stamps(call)
        with self._store.together():
            self._store.get(EXPERIMENT, params["ExperimentName"])
            return self._keep(TRIAL, params, stamps)

    def create_component(self, params: Params, call: Call) -> Params:
        """Keep a component, with what it may have as empty maps: the SDK reads them as they are."""
        return self._add(TRIAL_COMPONENT, {**{name: {} for name in _MAPS}, **params}, call)

    def describe_component(self, params: Params, _: Call) -> Params:
        """A component with the summary of its metrics."""
        component = self._store.get(TRIAL_COMPONENT, params["TrialComponentName"])
        arn = component["TrialComponentArn"]
        sources = [component["Source"]] if "Source" in component else None
        return {**component, "Metrics": self._metrics.summary(arn), "Sources": sources}

    def update_component(self, params: Params, call: Call) -> Params:
        """Replace what is given; parameters and artifacts are merged by key, or taken out by it."""
        user = self._identities.user_context(call)

        def change(record: Record) -> Mapping[str, Any]:
            plain = {key: value for key, value in params.items() if not key.endswith("ToRemove")}
            return {**plain, **{name: _merged(record, params, name) for name in _MAPS}, "LastModifiedBy": user}

        return self._store.edit(TRIAL_COMPONENT, params["TrialComponentName"], change)

    def list_experiments(self, params: Params, call: Call) -> Params:
        """Experiments by time."""
        return self._listed(params, call, EXPERIMENT, self._store.all(EXPERIMENT))

    def list_trials(self, params: Params, call: Call) -> Params:
        """Trials of an experiment or of a component, which must exist."""
        trials = self._store.all(TRIAL)
        if "ExperimentName" in params:
            experiment = self._store.get(EXPERIMENT, params["ExperimentName"])["ExperimentName"]
            trials = [trial for trial in trials if trial["ExperimentName"].lower() == experiment.lower()]
        if "TrialComponentName" in params:
            parents = self._store.get(TRIAL_COMPONENT, params["TrialComponentName"]).get("Parents", [])
            names = {parent["TrialName"] for parent in parents}
            trials = [trial for trial in trials if trial["TrialName"] in names]
        return self._listed(params, call, TRIAL, trials)

    def list_components(self, params: Params, call: Call) -> Params:
        """Components of a trial, of all trials of an experiment, or of one source. Raises ValidationError for two."""
        given = [name for name in ("ExperimentName", "TrialName", "SourceArn") if name in params]
        if len(given) > 1 and "SourceArn" in given:
            raise ValidationError(f"Only one of {' and '.join(given)} can be specified.")
        found = self._store.all(TRIAL_COMPONENT)
        for kind in (EXPERIMENT, TRIAL):
            if kind.name_member in params:
                name = self._store.get(kind, params[kind.name_member])[kind.name_member]
                found = [r for r in found if name in (parent[kind.name_member] for parent in r.get("Parents", []))]
        if "SourceArn" in params:
            found = [record for record in found if record.get("Source", {}).get("SourceArn") == params["SourceArn"]]
        return self._listed(params, call, TRIAL_COMPONENT, found)

    def associate(self, params: Params, _: Call) -> Params:
        """Put a component into a trial; it may be there already."""
        return self.put_in(params["TrialName"], params["TrialComponentName"])

    def put_in(self, trial_name: str, component_name: str) -> Params:
        """As AssociateTrialComponent."""
        with self._store.together():
            trial = self._store.get(TRIAL, trial_name)
            parent = {"TrialName": trial["TrialName"], "ExperimentName": trial["ExperimentName"]}

            def add(record: Record) -> Mapping[str, Any]:
                return {"Parents": [*(p for p in record.get("Parents", []) if p != parent), parent]}

            component = self._store.edit(TRIAL_COMPONENT, component_name, add)
        return {"TrialArn": trial["TrialArn"], "TrialComponentArn": component["TrialComponentArn"]}

    def disassociate(self, params: Params, _: Call) -> Params:
        """Take a component out of a trial. Raises ResourceNotFound, also when it is not in it."""
        trial = self._store.get(TRIAL, params["TrialName"])

        def remove(record: Record) -> Mapping[str, Any]:
            before = record.get("Parents", [])
            kept = [parent for parent in before if parent["TrialName"] != trial["TrialName"]]
            if len(kept) == len(before):
                arn = record["TrialComponentArn"]
                raise TRIAL_COMPONENT.not_found(name=arn, arn=f"{arn} in trial {trial['TrialArn']}")
            return {"Parents": kept or None}

        component = self._store.edit(TRIAL_COMPONENT, params["TrialComponentName"], remove)
        return {"TrialArn": trial["TrialArn"], "TrialComponentArn": component["TrialComponentArn"]}

    def delete_experiment(self, params: Params, _: Call) -> Params:
        """Delete an experiment without trials. Raises ValidationError."""

        def empty(record: Record) -> None:
            trials = [t for t in self._store.all(TRIAL) if t["ExperimentName"] == record["ExperimentName"]]
            _require_none("Experiment", record["ExperimentArn"], "trials", trials)

        return self._store.remove(EXPERIMENT, params["ExperimentName"], check=empty)

    def delete_trial(self, params: Params, _: Call) -> Params:
        """Delete a trial without components. Raises ValidationError."""

        def empty(record: Record) -> None:
            components = self._store.all(TRIAL_COMPONENT)
            held = [c for c in components if record["TrialName"] in (p["TrialName"] for p in c.get("Parents", []))]
            _require_none("Trial", record["TrialArn"], "trial components", held)

        return self._store.remove(TRIAL, params["TrialName"], check=empty)

    def delete_component(self, params: Params, _: Call) -> Params:
        """Delete a component that is in no trial and has no association. Raises ValidationError."""

        def free(record: Record) -> None:
            _require_none("TrialComponent", record["TrialComponentArn"], "trials", record.get("Parents", []))
            self._associations.require_none(TRIAL_COMPONENT, record)

        gone = self._store.remove(TRIAL_COMPONENT, params["TrialComponentName"], check=free)
        self._metrics.forget(gone["TrialComponentArn"])
        return gone

    def _create(self, kind: Kind) -> Handler:
        return lambda params, call: self._add(kind, params, call)

    def _add(self, kind: Kind, params: Params, call: Call) -> Record:
        return self._keep(kind, params, self._stamps(call))

    def _keep(self, kind: Kind, params: Params, stamps: Params) -> Record:
        name = params[kind.name_member]
        return self._store.add(kind, name, {"DisplayName": name, **params, **stamps})

    def _stamps(self, call: Call) -> Params:
        user = self._identities.user_context(call)
        return {"CreatedBy": user, "LastModifiedBy": user, "LineageGroupArn": group_arn(self._store)}

    def _describe(self, kind: Kind) -> Handler:
        return lambda params, _: self._store.get(kind, params[kind.name_member])

    def _update(self, kind: Kind) -> Handler:
        def handle(params: Params, call: Call) -> Params:
            user = self._identities.user_context(call)
            members = {key: value for key, value in params.items() if key != kind.name_member}
            return self._store.change(kind, params[kind.name_member], **members, LastModifiedBy=user)

        return handle

    def _listed(self, params: Params, call: Call, kind: Kind, records: Sequence[Record]) -> Params:
        rows = [{**record, _SOURCES[kind.name]: record.get("Source")} for record in records]
        return listed(call.operation, params, rows, kind=kind)


def _merged(record: Record, params: Params, name: str) -> Params:
    merged = {**record.get(name, {}), **params.get(name, {})}
    return {key: value for key, value in merged.items() if key not in params.get(f"{name}ToRemove", [])}


def _require_none(kind: str, arn: str, what: str, held: Sequence[Any]) -> None:
    if held:
        raise ValidationError(f"{kind} '{arn}' cannot be deleted: it is associated with {len(held)} {what}.")
