"""Synthesized templates, and how the tests look into them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import env

CHECKOUT = Path(__file__).parents[2]
MODEL = "credit-risk"


def of_one_model(name: str) -> env.Stage:
    """A stage of env as if it had one model: what a stage holds for each of them is said once."""
    stage = env.load(name)
    return stage.model_copy(update={"models": {MODEL: stage.models[MODEL]}})


@dataclass(frozen=True)
class Synthesized:
    """The assembly of one stage, and the templates in it."""

    stage: env.Stage
    folder: Path

    def template(self, capability: str) -> dict:
        """The template of a capability's stack."""
        return self._read(f"{self.stack(capability)}.template.json")

    def stack(self, capability: str) -> str:
        """The name of a capability's stack."""
        per_model = capability in ("training", "serving")
        return f"sluice-{self.stage.name}-{capability}" + (f"-{MODEL}" if per_model else "")

    def templates(self) -> dict[str, dict]:
        """All templates by the names of their stacks."""
        paths = sorted(self.folder.glob("*.template.json"))
        return {path.name.removesuffix(".template.json"): self._read(path.name) for path in paths}

    def manifest(self) -> dict:
        """The manifest of the assembly."""
        return self._read("manifest.json")

    def assets(self, capability: str) -> dict:
        """The files that a stack needs, as its asset manifest lists them."""
        return self._read(f"{self.stack(capability)}.assets.json")["files"]

    def _read(self, name: str) -> dict:
        return json.loads((self.folder / name).read_text())


def resources(template: dict, kind: str) -> Iterator[tuple[str, dict]]:
    """Logical id and definition of all resources of a type."""
    return ((name, resource) for name, resource in template["Resources"].items() if resource["Type"] == kind)


def only(template: dict, kind: str) -> dict:
    """The properties of the one resource of a type."""
    (found,) = [resource for _, resource in resources(template, kind)]
    return found["Properties"]


def statements(template: dict, role: str) -> list[dict]:
    """The policy statements of the roles whose logical id begins so."""
    return [
        statement
        for _, policy in resources(template, "AWS::IAM::Policy")
        if policy["Properties"]["Roles"][0]["Ref"].startswith(role)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(statement: dict) -> list[str]:
    """The actions of a statement, which IAM lets stand alone when there is one."""
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
