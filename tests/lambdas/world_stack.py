"""The serving stack of a simulated stage with its endpoint, as CloudFormation and SageMaker move them on together."""

import itertools
from dataclasses import dataclass

NAME = "sluice-dev-serving-churn"
BUSY = ("can not be updated", "is in {} state and can not be updated.")


@dataclass
class Update:
    """An operation under way: `fate` is what becomes of it, `notices` what CloudFormation makes of a rollback."""

    token: str
    parameters: dict
    before: dict
    fate: str = "holds"
    notices: str = "noticed"
    phase: str = "accepted"
    config: str | None = None


class ServingStack:
    """One stack with one endpoint. Nothing moves but by `advance`."""

    def __init__(self, world):
        self._world, self._numbers = world, itertools.count(1)
        self.status = "CREATE_COMPLETE"
        self.parameters = {"ModelPackageArn": "none", "ReleaseId": "none", "Rollout": "guarded", "Kept": "by hand"}
        self.update, self.broken, self.events, self.tokens = None, None, [], set()
        self.endpoint, self.pending, self.config = None, None, None
        self.configs, self.completed, self.revived, self.alarmed = {}, {}, set(), set()
        self.next_fate, self.next_notices = "holds", "noticed"
        self.held, self.made, self.deleted = None, {}, set()

    # What clients ask

    @property
    def moving(self):
        return self.status.endswith("_IN_PROGRESS")

    def accept(self, token, parameters):
        """UpdateStack, for which the template is the same. Each token is taken once."""
        if token in self.tokens:
            return "TokenAlreadyExistsException"
        if self.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            return "ValidationError"
        self.tokens.add(token)
        new = {**self.parameters, **parameters}
        self.update = Update(token, new, self.parameters, self.next_fate, self.next_notices)
        self.next_fate, self.next_notices = "holds", "noticed"
        self.parameters = new
        self._stack("UPDATE_IN_PROGRESS")
        return None

    def go_on(self, token, skipped):
        """ContinueUpdateRollback."""
        if self.status != "UPDATE_ROLLBACK_FAILED":
            return "ValidationError"
        self.update, self.broken = self.broken, None
        self.update.token, self.update.phase = token, "skipping" if skipped else "trying"
        self.update.fate, self.next_fate = self.next_fate, "holds"
        self._stack("UPDATE_ROLLBACK_IN_PROGRESS")
        return None

    def delete(self, name):
        """A config, or the model it runs, is deleted."""
        config = name.replace("Model", "Config")
        needed = {self.config, self.pending, self.update.config if self.update else None}
        assert config not in needed, f"{name} is deleted and needed"
        self.deleted.add(name)

    # What time does

    def advance(self):
        """Move what is under way one phase on."""
        if self.update is not None:
            self._world.pass_time(60)
            getattr(self, f"_{self.update.phase}")(self.update)

    def _accepted(self, update):
        arn = update.parameters["ModelPackageArn"]
        if arn == "none":
            self.endpoint = self.config = None
            self._end(update)
            return
        package = self._world.packages.get(int(arn.rpartition("/")[2]), {})
        if package.get("ModelApprovalStatus") != "Approved" or update.fate == "no model":
            self._event("Model", "AWS::SageMaker::Model", "CREATE_FAILED", reason="CreateModel failed")
            self._roll(update)
            return
        update.config = f"DevConfig-{next(self._numbers)}"
        self.configs[update.config], self.made[update.config] = package["ModelPackageVersion"], self._world.now
        self._config_event(update.config)
        for alarm in ("server-errors", "model-errors", "latency", "abort"):
            self._event(alarm, "AWS::CloudWatch::Alarm", "UPDATE_COMPLETE", physical=f"{update.config}-{alarm}")
        update.phase = "configured"

    def _config_event(self, config):
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/{config.lower()}"
        self._event("Config", "AWS::SageMaker::EndpointConfig", "UPDATE_COMPLETE", physical=arn)

    def _configured(self, update):
        self.pending = update.config if self.config else None
        self.endpoint = "Updating" if self.config else "Creating"
        update.phase = "provisioning"

    def _provisioning(self, update):
        if update.fate == "unhealthy":
            self._back(update)
        elif self.config is None or update.parameters["Rollout"] == "immediate":
            self._complete(update)
        else:
            update.phase = "canary"

    def _canary(self, update):
        if self._undone(update, "alarm in canary"):
            self._back(update)
        else:
            update.phase = "final"

    def _final(self, update):
        if self._undone(update, "alarm in final bake"):
            self._back(update)
        else:
            self._complete(update)

    def _undone(self, update, fate):
        if update.fate == fate:
            self.alarmed.add(update.token)
            self._world.ring(f"{update.config}-server-errors")
            return True
        if update.config in self._world.aborts:
            self._world.ring(f"{update.config}-abort")
            return True
        return False

    def _complete(self, update):
        self.endpoint, self.config, self.pending = "InService", update.config, None
        self.completed[update.token] = update.config
        self.revived.add(update.parameters["ReleaseId"])
        self._event("Endpoint", "AWS::SageMaker::Endpoint", "UPDATE_COMPLETE")
        self._end(update)

    def _back(self, update):
        """SageMaker goes back to the config before; CloudFormation notices, or does not."""
        created = self.config is None
        self.endpoint, self.pending = (None if created else "InService"), None
        if update.notices == "unnoticed" and not created:
            self._event("Endpoint", "AWS::SageMaker::Endpoint", "UPDATE_COMPLETE")
            self._end(update)
            return
        if update.notices == "mixed" and not created:
            self.endpoint = "UpdateRollbackFailed"
        self._event("Endpoint", "AWS::SageMaker::Endpoint", "UPDATE_FAILED", reason="the endpoint did not stabilize")
        self._roll(update)

    def _roll(self, update):
        self._stack("UPDATE_ROLLBACK_IN_PROGRESS")
        update.phase = "rolling"

    def _rolling(self, update):
        if update.notices in ("stumbles", "mixed"):
            self._event("Endpoint", "AWS::SageMaker::Endpoint", "UPDATE_FAILED", reason="cannot update")
            self._stack("UPDATE_ROLLBACK_FAILED")
            self.update, self.broken = None, update
            return
        self._rolled_back(update)

    def _rolled_back(self, update):
        self.parameters = update.before
        if update.config and self.held:
            self._config_event(self.held)
        self._stack("UPDATE_ROLLBACK_COMPLETE")
        self.update = None

    def _skipping(self, update):
        if update.fate != "holds":
            self._stack("UPDATE_ROLLBACK_FAILED")
            self.update, self.broken = None, update
            return
        self._rolled_back(update)

    def _trying(self, update):
        if self.endpoint == "UpdateRollbackFailed" and update.fate == "holds":
            self.endpoint = "InService"
        self._skipping(update)

    def _end(self, update):
        self.held = update.config
        self._stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        update.phase = "cleanup"

    def _cleanup(self, update):
        self._stack("UPDATE_COMPLETE")
        self.update = None

    def _stack(self, status):
        self.status = status
        self._event(NAME, "AWS::CloudFormation::Stack", status)

    def _event(self, logical, kind, status, *, physical="x", reason=""):
        operation = self.update or self.broken
        self.events.append(
            {
                "LogicalResourceId": logical,
                "PhysicalResourceId": physical,
                "ResourceType": kind,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": self._world.now,
                "ClientRequestToken": operation.token if operation else "none",
            }
        )
