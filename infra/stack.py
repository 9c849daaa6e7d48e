"""What every stack of a stage has in common: its name, where it is deployed, and no bootstrap rule."""

from __future__ import annotations

from aws_cdk import DefaultStackSynthesizer, Environment, Stack
from constructs import Construct

from env import naming
from env.stage import Stage


class StageStack(Stack):
    """The stack of one capability in one stage, for one model or for all."""

    def __init__(
        self, scope: Construct, *, stage: Stage, capability: naming.Capability, model: str | None = None
    ) -> None:
        super().__init__(
            scope,
            naming.stack(stage, capability, model),
            env=Environment(account=stage.account, region=stage.region),
            # The CDK checks its bootstrap version itself; in the template that would be a parameter and a rule more.
            # One synthesizer for each stack: a shared one lists the files of all stacks in each one's manifest.
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )
