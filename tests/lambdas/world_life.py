"""The life of a stage: what can happen, coming to rest, and what must hold then."""

import os

from lambdas import apply, approve, release, rollback, sweep
from lambdas.errors import Conflict
from lambdas.ledger import Ledger
from lambdas.records import Abort
from lambdas.settings import to_environ
from tests.lambdas.world import ADA, MODEL, ONE, REGISTRY, STAGE, TIM, World, arn, told
from tests.lambdas.world_clients import clients

_ROUNDS = 60
_EVENTS = (
    {"model": MODEL},
    {"detail-type": "Scheduled Event", "detail": {}},
    {"detail-type": "SageMaker Endpoint State Change", "detail": {"EndpointName": f"{MODEL}-{STAGE}"}},
    {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": f"{MODEL}-{STAGE}-backstop"}},
)


_MODELS = {
    rollback: MODEL,
    approve: f'{{"{MODEL}":0}}',
    # It keeps as little as it can be told to.
    sweep: f'{{"{MODEL}":{{"releases":1,"days":0}}}}',
}


class Life:
    """A stage with one model, its people and its misfortunes."""

    def __init__(self, *, first):
        os.environ["FIRST"] = "true" if first else "false"
        self.first = first
        self.world = World()
        self.world.play = self.play
        self._clients = clients(self.world)
        self._numbers = iter(range(1, 10**6))

    @staticmethod
    def environ():
        policy = release.ReleasePolicy(two_people=True, approval_valid_hours=168, watch_hours=24, backstop_seconds=120)
        settings = release.Settings(
            stage=STAGE,
            first=True,
            may_reject_deployed=True,
            registry=REGISTRY,
            apply_function="sluice-dev-apply",
            ledger="ledger",
            topic="topic",
            models={MODEL: policy},
        )
        applying = apply.Settings(stage=STAGE, account="123456789012", region="eu-west-1", ledger="ledger")
        return {
            **to_environ(settings),
            **to_environ(applying),
            "BEFORE_STAGE": "",
            "BEFORE_LEDGER": "",
            "RELEASE_FUNCTION": "sluice-dev-release",
        }

    def play(self, history):
        """Let things happen, in this order."""
        for name, *details in history:
            getattr(self, f"_{name}")(*details)

    # What can happen

    def _wake(self, faults):
        occasion = _EVENTS[next(self._numbers) % len(_EVENTS)]
        report = self._ask(release, occasion, faults)
        if not faults:
            self._check_undone()
        return report

    def _check_undone(self):
        """A canary of what is vetoed has been told to go back."""
        update, vetoed = self.world.stack.update, self.world.vetoed()
        if update and update.phase in ("canary", "final") and update.token in self.world.open_releases():
            config = update.config
            assert self.world.stack.configs[config] not in vetoed or config in self.world.aborts, f"{config} goes on"

    def _advance(self):
        self.world.stack.advance()

    def _advances(self, times):
        for _ in range(times):
            self.world.stack.advance()

    def release_well(self, versions):
        """Some versions have served well already."""
        for version in range(1, versions + 1):
            self._approve(0)
            if not self.first:
                self._order(1, {})
            self._wake({})
            self._finish()
            self._wake({})
            assert self.world.stack.configs[self.world.stack.config] == version

    def _counted(self, back):
        """A version counted back from the newest: 0 is a new one, 1 the newest there is."""
        return max(1, max(self.world.packages, default=0) + 1 - back)

    def _approve(self, back, flaw="", fate=()):
        self._fate(fate)
        version = self._counted(back)
        if version not in self.world.packages:
            self.world.register(version, flaw=flaw)
        by = TIM if flaw == "own" else ADA
        self.world.change_package(version, by, ModelApprovalStatus="Approved")

    def _goes_out(self, fate, faults, phases):
        """A new version is admitted, and its release has got so far."""
        self._approve(0, "", fate)
        if not self.first:
            self._order(1, {})
        self._wake(faults)
        self._advances(phases)

    def _order(self, back, faults):
        version = self._counted(back)
        if version not in self.world.packages:
            self._approve(back)
        event = {"model": MODEL, "version": version, "reason": "it is good", "by": ADA}
        self._ask(approve, event, faults)

    def _rollback(self, faults):
        self._ask(rollback, {"model": MODEL, "reason": "it is bad", "by": ONE}, faults)

    def _takes_back(self):
        """A person's rollback, and the event that comes of it."""
        self._rollback({})
        self._wake({})

    def _sweep(self, faults):
        self._ask(sweep, {}, faults)

    def _ask(self, function, event, faults):
        """Run a function in its own environment, also while another one runs: each is told other facts of a model."""
        models = os.environ["MODELS"]
        os.environ["MODELS"] = self.environ()["MODELS"] if function is release else _MODELS[function]
        try:
            return self.world.run(
                lambda event: function.handler(event, None, clients=lambda: self._clients), event, faults
            )
        finally:
            os.environ["MODELS"] = models

    def _reject(self, back):
        version = self._counted(back)
        if version in self.world.packages:
            self.world.change_package(version, ONE, ModelApprovalStatus="Rejected")

    def _time(self, seconds):
        self.world.pass_time(seconds)

    def _fate(self, fate):
        """What becomes of the next update."""
        if fate:
            self.world.stack.next_fate, self.world.stack.next_notices = fate

    def _deploy(self):
        """`cdk deploy` keeps the parameters."""
        self.world.stack.accept(f"cdk-{next(self._numbers)}", {})

    def _reset(self, back):
        """A raw change set with other parameters, or none."""
        package = arn(self._counted(back)) if back else "none"
        self.world.stack.accept(f"hand-{next(self._numbers)}", {"ModelPackageArn": package, "ReleaseId": "none"})

    def _backstop(self):
        if self.world.stack.config:
            self.world.ring(f"{MODEL}-{STAGE}-backstop")

    def _untested(self):
        """What `watch` writes when the canary saw too few requests."""

        def write(_):
            ledger = Ledger("ledger", dynamodb=self._clients.dynamodb)
            journal = ledger.read(MODEL)
            if journal.open and journal.open.rollout == "guarded" and not journal.abort(journal.open.release_id):
                ledger.append(journal, Abort(release_id=journal.open.release_id, reason="untested", by="sluice"))

        assert not isinstance(self.world.run(write, None), Conflict)

    # Coming to rest

    def come_to_rest(self):
        """Nothing happens any more but that updates end, time passes, and the tick comes."""
        stack = self.world.stack
        stack.next_fate, stack.next_notices = "holds", "noticed"
        quiet = 0
        for _ in range(_ROUNDS):
            before = (len(self.world.ledger), stack.status, stack.endpoint, len(stack.events))
            self._finish()
            report = self._wake({})
            assert isinstance(report, dict), report
            self._finish()
            self.world.pass_time(900)
            quiet = (
                quiet + 1 if before == (len(self.world.ledger), stack.status, stack.endpoint, len(stack.events)) else 0
            )
            if quiet == 2 and stack.status != "UPDATE_ROLLBACK_FAILED":
                return
            if quiet == 2:  # the runbook: what sluice could not recover, a person does
                assert len(self.world.of_kind("recovery")) >= 3, "the stack's rollback was not continued"
                stack.go_on(f"hand-{next(self._numbers)}", skipped=stack.endpoint == "InService")
        raise AssertionError("it does not come to rest")

    def _finish(self):
        while self.world.stack.update is not None:
            self.world.stack.advance()

    # What must hold then

    def check(self):
        """The right version serves, everything has ended, and people know."""
        world, stack = self.world, self.world.stack
        assert world.open_releases() == [], "a release is open"
        assert stack.endpoint in (None, "InService"), f"the endpoint is {stack.endpoint}"
        news = [record for record in world.records() if record["kind"]["S"] in ("outcome", "refused", "veto", "stuck")]
        news = [record for record in news if not self._said_before(record)]
        assert {int(record["sequence"]["N"]) for record in news} == told(world), "people were not told"
        self._check_what_serves()
        self._check_what_is_new()

    def _said_before(self, record):
        """Whether it is a refusal that has been said, and nobody has approved anew for the stage."""
        return record["kind"]["S"] == "refused" and any(
            earlier["version"] == record["version"]
            and earlier["reason"] == record["reason"]
            and int(earlier["sequence"]["N"]) < int(record["sequence"]["N"])
            and not self.world.approved_between(earlier, record)
            for earlier in self.world.of_kind("refused")
        )

    def _check_what_serves(self):
        world, stack = self.world, self.world.stack
        serves = stack.configs.get(stack.config)
        deployed = [r for r in world.of_kind("outcome") if r["outcome"]["S"] == "deployed"]
        good = self._admitted({int(record["version"]["N"]) for record in deployed})
        if serves in world.vetoed() or world.packages.get(serves, {}).get("ModelApprovalStatus") == "Rejected":
            assert not good, f"version {serves} may not serve and does, but {good} did well"
        if deployed and int(deployed[-1]["version"]["N"]) in good:
            assert serves == int(deployed[-1]["version"]["N"]), f"version {serves} serves"
            assert stack.parameters["ReleaseId"] == deployed[-1]["release_id"]["S"], "the stack has other parameters"
            assert stack.parameters["ModelPackageArn"] == arn(serves), "the stack has another package"
        if good:
            assert serves is not None, "nothing serves"

    def _check_what_is_new(self):
        """What was admitted has been released, refused, or has failed for good."""
        world = self.world
        forward = [record for record in world.of_kind("opened") if record["cause"]["S"] == "approval"]
        newest = max((int(record["version"]["N"]) for record in forward), default=0)
        refused = {int(record["version"]["N"]) for record in world.of_kind("refused")}
        if self.first:
            waiting = {version for version in self._admitted(set(world.packages)) if version > newest} - refused
            assert not waiting, f"{waiting} were approved and are not released"
        if forward:
            self._check_tried_enough(forward[-1])

    def _check_tried_enough(self, last):
        ended = next(r for r in self.world.of_kind("outcome") if r["release_id"] == last["release_id"])
        version = int(last["version"]["N"])
        if ended["outcome"]["S"] in ("failed", "superseded") and version in self._admitted({version}):
            refused = {int(record["version"]["N"]) for record in self.world.of_kind("refused")}
            assert int(last["attempt"]["N"]) == 4 or version in refused, (
                f"{last['release_id']['S']} was given up too early"
            )

    def _admitted(self, versions):
        packages = self.world.packages
        approved = {v for v in versions if packages.get(v, {}).get("ModelApprovalStatus") == "Approved"}
        return approved - self.world.vetoed()

    def outcomes(self):
        """What this life has seen, for statistics."""
        return sorted({record["outcome"]["S"] for record in self.world.of_kind("outcome")})
