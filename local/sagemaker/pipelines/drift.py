"""QualityCheck and ClarifyCheck steps: an analyzer's job, the baseline it is held to, and what comes of it.

Developer Guide, "Baseline calculation, drift detection and lifecycle with ClarifyCheck and QualityCheck steps". The
analysis itself is the image's: without a local counterpart of the image no execution starts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.sagemaker.errors import S3Error, StepFailed
from local.sagemaker.pipelines.definition import Step
from local.sagemaker.s3 import Files

Params = dict[str, Any]

KINDS: Final = ("QualityCheck", "ClarifyCheck")
_STATISTICS, _CONSTRAINTS = "Statistics", "Constraints"
_TITLES: Final = {"QualityCheck": "Quality check", "ClarifyCheck": "Clarify check"}

_SECTIONS: Final[Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]]] = {
    "QualityCheck": {
        "DATA_QUALITY": ("ModelDataQuality", {_STATISTICS: "Statistics", _CONSTRAINTS: "Constraints"}),
        "MODEL_QUALITY": ("ModelQuality", {_STATISTICS: "Statistics", _CONSTRAINTS: "Constraints"}),
    },
    "ClarifyCheck": {
        "DATA_BIAS": ("Bias", {_CONSTRAINTS: "PreTrainingConstraints"}),
        "MODEL_BIAS": ("Bias", {_CONSTRAINTS: "PostTrainingConstraints"}),
        "MODEL_EXPLAINABILITY": ("Explainability", {_CONSTRAINTS: "Constraints"}),
    },
}
"""The check types of a step, and where a package's DriftCheckBaselines have the files of each."""
_RESULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "QualityCheck": {_STATISTICS: "statistics.json", _CONSTRAINTS: "constraints.json"},
    "ClarifyCheck": {_CONSTRAINTS: "analysis.json"},
}
"""What an analyzer leaves in its output, by what it is."""
_VIOLATIONS: Final = "constraint_violations.json"
_MOUNTS: Final = {
    _STATISTICS: ("baseline_statistics", "/opt/ml/processing/baseline/stats", "statistics.json"),
    _CONSTRAINTS: ("baseline_constraints", "/opt/ml/processing/baseline/constraints", "constraints.json"),
}
"""By what input and variable the analyzer is given a baseline (Developer Guide, "Container Contract Inputs")."""


@dataclass(frozen=True)
class Check:
    """One check step with its members resolved."""

    kind: str
    check_type: str
    group: str | None
    skipped: bool
    fails: bool
    registers: bool
    supplied: Mapping[str, str]

    @classmethod
    def of(cls, step: Step, resolve: Callable[[Any], Any]) -> Check:
        """A step's check. Raises StepFailed for a check type that is none."""
        body: Params = {name: resolve(value) for name, value in step.body.items() if name != "Arguments"}
        if body.get("CheckType") not in _SECTIONS[step.kind]:
            known = ", ".join(_SECTIONS[step.kind])
            raise StepFailed(f"ClientError: CheckType {body.get('CheckType')!r} is not one of {known}")
        files = {part: body.get(f"SuppliedBaseline{part}") for part in _RESULTS[step.kind]}
        return cls(
            kind=step.kind,
            check_type=body["CheckType"],
            group=body.get("ModelPackageGroupName"),
            skipped=bool(body.get("SkipCheck")),
            fails=body.get("FailOnViolation") is not False,
            registers=bool(body.get("RegisterNewBaseline")),
            supplied={part: uri for part, uri in files.items() if uri},
        )

    def baseline(self, sagemaker: Any) -> dict[str, str]:
        """The previous baseline: the supplied one, else that of the group's latest approved package.

        Raises StepFailed when there is none and the step cannot do without.
        """
        found = {**self._registered(sagemaker), **self.supplied}
        lacking = sorted(_RESULTS[self.kind].keys() - found.keys())
        if lacking and not (self.skipped and self.registers):
            where = f"the latest approved package of group {self.group}" if self.group else "the step"
            raise StepFailed(
                f"ClientError: there is no previous baseline ({', '.join(lacking)}) of check type {self.check_type}: "
                f"{where} has none. Supply one, or set SkipCheck and RegisterNewBaseline to true for a first run."
            )
        return found

    def request(self, arguments: Params, baseline: Mapping[str, str]) -> Params:
        """The members of CreateProcessingJob: those of the step, and the baseline unless the check is skipped."""
        if self.skipped:
            return arguments
        inputs, environment = list(arguments.get("ProcessingInputs", [])), dict(arguments.get("Environment", {}))
        for part, uri in sorted(baseline.items()):
            name, folder, file = _MOUNTS[part]
            source = {"S3Uri": uri, "LocalPath": folder, "S3DataType": "S3Prefix", "S3InputMode": "File"}
            inputs.append({"InputName": name, "S3Input": source})
            environment[name] = f"{folder}/{uri.rsplit('/', 1)[-1] or file}"
        return {**arguments, "ProcessingInputs": inputs, "Environment": environment}

    def results(self, job: Params, baseline: Mapping[str, str], files: Files) -> Params:
        """The step's properties after its job. Raises StepFailed when the analyzer left nothing."""
        folder = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].rstrip("/")
        made = {part: f"{folder}/{name}" for part, name in _RESULTS[self.kind].items()}
        for part, uri in made.items():
            if not files.exists(uri):
                raise StepFailed(f"AlgorithmError: the analyzer has left no baseline {part.lower()} in {uri}")
        used = made if self.registers else baseline
        members = {
            "CheckType": self.check_type,
            **{f"CalculatedBaseline{part}": uri for part, uri in made.items()},
            **{f"BaselineUsedForDriftCheck{part}": uri for part, uri in used.items()},
            "ModelPackageGroupName": self.group,
            "CheckJobArn": job["ProcessingJobArn"],
            "SkipCheck": self.skipped,
            "RegisterNewBaseline": self.registers,
            "ViolationReport": None if self.skipped else _report(f"{folder}/{_VIOLATIONS}", files),
        }
        return {name: value for name, value in members.items() if value is not None}

    def judge(self, results: Params) -> None:
        """Raise StepFailed for violations, unless the step lets them pass."""
        if self.fails and "ViolationReport" in results:
            raise StepFailed(
                f"ClientError: {_TITLES[self.kind]} failed. See violation report: {results['ViolationReport']}"
            )

    def _registered(self, sagemaker: Any) -> dict[str, str]:
        if not self.group or self.supplied.keys() >= _RESULTS[self.kind].keys():
            return {}
        listed = sagemaker.list_model_packages(
            ModelPackageGroupName=self.group,
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=1,
        )["ModelPackageSummaryList"]
        if not listed:
            return {}
        package = sagemaker.describe_model_package(ModelPackageName=listed[0]["ModelPackageArn"])
        section, members = _SECTIONS[self.kind][self.check_type]
        held = package.get("DriftCheckBaselines", {}).get(section, {})
        return {part: held[member]["S3Uri"] for part, member in members.items() if member in held}


def _report(uri: str, files: Files) -> str | None:
    """The address of a report with violations; None when there are none."""
    if not files.exists(uri):
        return None
    try:
        found = json.loads(files.read(uri))
    except (S3Error, ValueError) as error:
        raise StepFailed(f"AlgorithmError: the analyzer's violation report {uri} cannot be read: {error}") from error
    return uri if found.get("violations") else None
