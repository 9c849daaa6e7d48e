from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.actions import Append, Apply, Open, Recover, Reject, Tell, Undo, Wait
from lambdas.decide import decide
from lambdas.records import Abort, Approved, Recovery, Refused, Started, Stuck, Told, Veto
from lambdas.situation import Endpoint, Stack, Trace
from lambdas.underway import START
from tests.lambdas.situations import (
    BEGIN,
    SERVED,
    SERVED_TWICE,
    STARTED,
    journal,
    opened,
    outcome,
    package,
    situation,
    underway,
)

# Forward


def test_a_newly_approved_version_is_opened_guarded():
    """The newest approved version is what should serve, and its approval is to be checked."""
    action = decide(situation(journal(*SERVED), versions=(1, 2)))
    assert isinstance(action, Open)
    assert (action.release.version, action.release.rollout, action.release.cause) == (2, "guarded", "approval")
    assert (action.release.follows, action.check) == ("r1-v1", True)


def test_the_first_version_is_opened_where_there_is_no_endpoint_yet():
    """A stack that was deployed before any model exists takes its first package."""
    action = decide(situation(journal(), versions=(1,), status="CREATE_COMPLETE", release_id="none", endpoint=None))
    assert action.release.version == 1


def test_what_went_out_once_is_not_taken_for_new():
    """Version 1 is approved still, and was released before version 2."""
    log = journal(*SERVED_TWICE)
    assert decide(situation(log, versions=(1, 2), release_id="r4-v2", config="Config-2")) == Wait(
        reason="what should serve does"
    )


def test_in_a_later_stage_the_registry_admits_nothing():
    """There a record of the stage's own is needed."""
    assert isinstance(decide(situation(journal(*SERVED), versions=(1, 2), first=False)), Wait)
    ordered = journal(*SERVED, Approved(version=2, by="ada", reason="good"))
    action = decide(situation(ordered, versions=(1, 2), first=False))
    assert (action.release.version, action.release.approved_by) == (2, "ada")


def test_an_order_is_used_up_by_the_release_it_asks_for():
    """An approval that led to a release says nothing about the time after."""
    log = journal(*SERVED, Approved(version=2, by="ada", reason="good"), opened(2), outcome("r5-v2", config="Config-2"))
    assert isinstance(decide(situation(log, versions=(1, 2), release_id="r5-v2", config="Config-2", first=False)), Wait)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4)])
def test_a_failed_release_is_tried_again_after_a_while(failures, minutes):
    """One minute after the first failure, two after the second, four after the third."""
    failed = (opened(2), Started(release_id="r4-v2"), outcome("r4-v2", "failed"))
    again = (opened(2, attempt=2), Started(release_id="r7-v2"), outcome("r7-v2", "failed"))
    third = (opened(2, attempt=3), Started(release_id="r10-v2"), outcome("r10-v2", "failed"))
    records = (*SERVED, *failed, *again, *third)[: 3 + 3 * failures]
    early = decide(situation(journal(*records, minutes=minutes - 0.5), versions=(1, 2)))
    assert early == Wait(reason="version 2 is tried again in 30 s")
    action = decide(situation(journal(*records, minutes=minutes), versions=(1, 2)))
    assert (action.release.version, action.release.attempt) == (2, failures + 1)


def test_three_attempts_more_are_enough():
    """Then somebody has to look at it; approving it once more is an order for four further attempts."""
    failed = (opened(2, attempt=4), Started(release_id="r4-v2"), outcome("r4-v2", "failed"))
    assert isinstance(decide(situation(journal(*SERVED, *failed), versions=(1, 2))), Wait)
    again = journal(*SERVED, *failed, Approved(version=2, by="ada", reason="the quota was raised"))
    assert decide(situation(again, versions=(1, 2))).release.attempt == 1


def test_a_refusal_stands_until_somebody_approves_again():
    """The package's last change tells; what sluice itself wrote on it is not one."""
    refused = Refused(version=2, reason="no metrics", modified=BEGIN.isoformat())
    log = journal(*SERVED, refused)
    assert isinstance(decide(situation(log, versions=(1, 2))), Wait)
    changed = package(2, modified=BEGIN + timedelta(hours=1))
    assert isinstance(decide(situation(log, versions=(1, changed))), Open)
    told = Told(about=4, modified=changed.modified.isoformat())
    assert isinstance(decide(situation(journal(*SERVED, refused, told), versions=(1, changed))), Wait)


def test_a_refusal_is_told_again_only_to_who_asks_again():
    """Two stages that write on one package would otherwise keep each other talking."""
    first = Refused(version=2, reason="no metrics", modified=BEGIN.isoformat())
    changed = replace(first, modified=(BEGIN + timedelta(hours=1)).isoformat())
    assert journal(*SERVED, first, told=False).untold[-1].kind == "refused"
    known = (*SERVED, first, Told(about=4))
    assert "refused" not in {news.kind for news in journal(*known, changed, told=False).untold}
    order = Approved(version=2, by="ada", reason="it has metrics")
    assert journal(*known, order, changed, told=False).untold[-1].kind == "refused"


def test_below_a_refused_version_the_next_one_is_new():
    """A version that cannot go out does not keep others in."""
    refused = Refused(version=3, reason="no metrics", modified=BEGIN.isoformat())
    assert decide(situation(journal(*SERVED, refused), versions=(1, 2, 3))).release.version == 2


def test_ringing_alarms_are_reported_and_refuse_nothing():
    """The release may be the cure."""
    action = decide(situation(journal(*SERVED), versions=(1, 2), ringing=("churn-dev-backstop",)))
    assert action.release.alarms == ("churn-dev-backstop",)


# What is under way


def test_an_opened_release_is_asked_of_the_stack():
    """A crash after the opening is made good by whatever comes next."""
    log = journal(*SERVED, opened(2), minutes=1)
    assert decide(situation(log, versions=(1, 2))) == Apply(release=log.open)


def test_an_accepted_release_is_written_down():
    """Also when the answer was lost: the stack's events know."""
    log = journal(*SERVED, opened(2), minutes=1)
    assert decide(underway(log)) == Append(record=Started(release_id="r4-v2"))


def test_a_release_under_way_is_waited_for():
    """Nothing is asked twice."""
    assert decide(underway(journal(*STARTED))) == Wait(reason="release r4-v2 is under way")


@pytest.mark.parametrize(
    "unwanted",
    [
        Veto(version=2, by="ada", cause="person", reason="bad answers"),
        Abort(release_id="r4-v2", reason="bad answers", by="sluice"),
    ],
)
def test_an_unwanted_canary_is_undone_by_its_alarm(unwanted):
    """No API stops an update; the abort alarm's metric does, at the next bake."""
    assert decide(underway(journal(*STARTED, unwanted))) == Undo(config="Config-2", reason="bad answers")


def test_a_deployment_of_somebody_else_is_not_undone():
    """The metric is put for the release's own config only."""
    other = Endpoint(status="Updating", config="Config-1", pending="Config-9")
    log = journal(*STARTED, Veto(version=2, by="ada", cause="person", reason="bad"))
    assert isinstance(decide(underway(log, endpoint=other)), Wait)


def test_a_release_that_shall_not_begin_is_closed_only_when_it_cannot():
    """Whoever read it before the veto may be about to begin it."""
    records = (*SERVED, opened(2), Veto(version=2, by="ada", cause="person", reason="bad"))
    assert isinstance(decide(situation(journal(*records, minutes=1.9), versions=(1, 2))), Wait)
    ended = decide(situation(journal(*records, minutes=2), versions=(1, 2))).record
    assert (ended.release_id, ended.outcome) == ("r4-v2", "superseded")


def test_a_release_that_cannot_begin_is_given_up():
    """Another update of the stack has taken too long; the version is opened again afterwards."""
    minutes = START / timedelta(minutes=1)
    busy = {"versions": (1, 2), "status": "UPDATE_IN_PROGRESS"}
    assert isinstance(decide(situation(journal(*SERVED, opened(2), minutes=minutes + 1), **busy)), Wait)
    assert decide(situation(journal(*SERVED, opened(2), minutes=minutes + 2), **busy)).record.outcome == "superseded"
    after = situation(journal(*SERVED, opened(2), outcome("r4-v2", "superseded")), versions=(1, 2))
    assert (decide(after).release.version, decide(after).release.attempt) == (2, 1)


# How a release ends


@pytest.mark.parametrize(
    ("config", "trace", "result"),
    [
        ("Config-2", Trace(began=True, config="config-2"), "deployed"),
        ("Config-1", Trace(began=True, config="config-2"), "failed"),
        ("Config-1", Trace(began=True, config="config-2", rang=("Config-2-latency",)), "rolled_back"),
        ("Config-1", Trace(began=True, failure="CreateModel failed"), "failed"),
        ("Config-9", Trace(began=True, config="config-2", later=frozenset({"config-9"})), "deployed"),
        ("Config-9", Trace(began=True, config="config-2"), "failed"),
    ],
)
@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_the_outcome_is_what_serves_whatever_the_stack_says(config, trace, result, status):
    """The endpoint's config is compared with the release's; names in ARNs are in lower case."""
    at_rest = situation(journal(*STARTED), versions=(1, 2), release_id="r4-v2", config=config, trace=trace)
    stack = replace(at_rest.stack, status=status)
    ended = decide(replace(at_rest, stack=stack)).record
    assert (ended.outcome, ended.config) == (result, config if result == "deployed" else trace.config)


def test_a_vetoed_release_that_went_back_was_rolled_back():
    """The veto is the reason, as the person gave it."""
    log = journal(*STARTED, Veto(version=2, by="ada", cause="person", reason="bad answers"))
    trace = Trace(began=True, config="config-2")
    ended = decide(situation(log, versions=(1, 2), trace=trace)).record
    assert (ended.outcome, ended.reason) == ("rolled_back", "version 2 is vetoed: bad answers")


def test_an_untested_release_failed_and_is_not_vetoed():
    """Nothing speaks against the version but that nobody used it."""
    log = journal(*STARTED, Abort(release_id="r4-v2", reason="untested: 3 requests", by="sluice"))
    ended = decide(situation(log, versions=(1, 2), trace=Trace(began=True, config="config-2"))).record
    assert (ended.outcome, ended.reason) == ("failed", "untested: 3 requests")


# A rollback that fails


def broken(log, **members):
    """The stack's rollback has failed."""
    return situation(log, versions=(1, 2), status="UPDATE_ROLLBACK_FAILED", **members)


@pytest.mark.parametrize(("endpoint", "skipped"), [("InService", ("Endpoint",)), ("UpdateRollbackFailed", ())])
def test_a_failed_rollback_goes_on_without_an_endpoint_that_serves(endpoint, skipped):
    """One that serves is as it shall be; one that is mixed must be put right."""
    stack = Stack(status="UPDATE_ROLLBACK_FAILED", package_arn="x", release_id="r4-v2", failed=("Endpoint",))
    log = journal(*STARTED)
    action = decide(broken(log, stack=stack, endpoint=Endpoint(status=endpoint, config="Config-1")))
    assert action == Recover(record=Recovery(release_id="r4-v2", attempt=1, skipped=skipped))


def test_a_recovery_is_given_a_minute():
    """Two deliveries of one event are one attempt."""
    log = journal(*STARTED, Recovery(release_id="r4-v2", attempt=1), minutes=0.5)
    assert isinstance(decide(broken(log, release_id="r4-v2")), Wait)


def test_after_three_recoveries_the_release_failed_and_a_person_is_needed():
    """It is said once; what to do stands in the runbook."""
    recoveries = [Recovery(release_id="r4-v2", attempt=n) for n in (1, 2, 3)]
    assert decide(broken(journal(*STARTED, *recoveries), release_id="r4-v2")).record.outcome == "failed"
    ended = (*STARTED, *recoveries, outcome("r4-v2", "failed"))
    stuck = decide(broken(journal(*ended))).record
    assert isinstance(stuck, Stuck)
    assert isinstance(decide(broken(journal(*ended, stuck))), Wait)


def test_a_stack_that_stays_stuck_or_is_stuck_again_is_tried_and_told_again_a_day_later():
    """Another deployment may have failed since: what was said of the last one tells nobody of this one."""
    recoveries = [Recovery(release_id="r4-v2", attempt=n) for n in (1, 2, 3)]
    ended = (*STARTED, *recoveries, outcome("r4-v2", "failed"))
    stuck = decide(broken(journal(*ended))).record
    action = decide(broken(journal(*ended, stuck, minutes=25 * 60)))
    assert isinstance(action, Recover)
    again = (*ended, stuck, *(Stuck(version=1, reason="something else") for _ in range(1)))
    assert isinstance(decide(broken(journal(*again, minutes=23 * 60))), Wait)


@pytest.mark.parametrize("log", [journal(*SERVED), journal(*STARTED)])
def test_a_rollback_is_not_continued_while_the_endpoint_moves(log):
    """SageMaker would refuse to update it: three attempts would be gone in three minutes."""
    moving = Endpoint(status="Updating", config="Config-1", pending="Config-2")
    assert isinstance(decide(broken(log, release_id="r4-v2", endpoint=moving)), Wait)


def test_an_unwanted_canary_is_undone_even_when_its_stack_has_failed():
    """Somebody cancelled the update: the stack cannot go on, and SageMaker still shifts the traffic."""
    log = journal(*STARTED, Veto(version=2, by="ada", cause="person", reason="bad"))
    assert decide(underway(log, status="UPDATE_ROLLBACK_FAILED")) == Undo(config="Config-2", reason="bad")


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_FAILED", "DELETE_FAILED"])
def test_a_stack_that_takes_no_update_is_a_person_s_affair(status):
    """Waiting would be for ever, and nobody would know why nothing is released."""
    stuck = decide(situation(journal(*SERVED), versions=(1, 2), status=status)).record
    assert stuck.reason == f"the serving stack is {status}: CloudFormation takes no release"
    assert isinstance(decide(situation(journal(*SERVED, stuck), versions=(1, 2), status=status)), Wait)


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_a_stack_that_moves_is_waited_for(status):
    """Another operation ends of itself; an update before that would be refused."""
    assert isinstance(decide(situation(journal(*SERVED), versions=(1, 2), status=status)), Wait)


# The way back


def test_what_is_vetoed_gives_way_at_once_to_what_served_well():
    """Immediate, and before anything new."""
    log = journal(*SERVED_TWICE, Veto(version=2, by="ada", cause="person", reason="bad"))
    action = decide(situation(log, versions=(1, 2, 3), release_id="r4-v2", config="Config-2"))
    assert (action.release.version, action.release.rollout, action.release.cause) == (1, "immediate", "rollback")
    assert action.check is False


def test_a_rejection_by_hand_of_what_serves_is_a_veto():
    """A click in the registry is enough."""
    log = journal(*SERVED_TWICE)
    rejected = (1, package(2, "Rejected"))
    action = decide(situation(log, versions=rejected, release_id="r4-v2", config="Config-2"))
    assert (action.record.version, action.record.cause) == (2, "rejected")


def test_without_a_way_back_it_is_said_once_and_something_new_may_cure():
    """What serves goes on serving."""
    veto = Veto(version=1, by="ada", cause="person", reason="bad")
    stuck = decide(situation(journal(*SERVED, veto), versions=(1,))).record
    assert isinstance(stuck, Stuck)
    told = journal(*SERVED, veto, stuck)
    rejected = package(1, "Rejected")
    assert isinstance(decide(situation(told, versions=(rejected,))), Wait)
    assert decide(situation(told, versions=(rejected, 2))).release.version == 2


def test_a_return_is_tried_for_as_long_as_it_takes_but_not_for_ever_first():
    """After three failures what is new may go first."""
    veto = Veto(version=2, by="ada", cause="person", reason="bad")
    back = [
        r for n in (1, 2, 3) for r in (opened(1, cause="rollback", attempt=n), outcome(f"r{6 + 2 * n}-v1", "failed"))
    ]
    given = {"versions": (1, 2, 3), "release_id": "r4-v2", "config": "Config-2"}
    assert isinstance(decide(situation(journal(*SERVED_TWICE, veto, *back[:2], minutes=0.5), **given)), Wait)
    assert decide(situation(journal(*SERVED_TWICE, veto, *back, minutes=0.5), **given)).release.version == 3
    assert decide(situation(journal(*SERVED_TWICE, veto, *back, minutes=4), **given)).release.version == 1


@pytest.mark.parametrize(
    "lost",
    [
        {"release_id": "none"},
        {"release_id": "r4-v2"},
        {"endpoint": None, "release_id": "none"},
        {"config": "Config-9", "release_id": "none"},
        {"endpoint": Endpoint(status="UpdateRollbackFailed", config="Config-1")},
    ],
)
def test_what_was_lost_is_restored(lost):
    """Forgotten parameters, a rollback CloudFormation did not notice, a deleted endpoint, a mixed one."""
    failed = (opened(2, attempt=3), Started(release_id="r4-v2"), outcome("r4-v2", "failed", config="Config-2"))
    action = decide(situation(journal(*SERVED, *failed), versions=(1, 2), **lost))
    assert (action.release.version, action.release.cause, action.release.rollout) == (1, "restore", "immediate")


def test_what_serves_is_not_given_up_because_the_stack_forgot_it():
    """Its package is gone, so the parameters cannot be put right: a person is told, and an older version is no cure."""
    log, given = journal(*SERVED_TWICE), {"versions": (1,), "release_id": "r1-v1", "config": "Config-2"}
    stuck = decide(situation(log, **given)).record
    assert isinstance(stuck, Stuck)
    assert isinstance(decide(situation(journal(*SERVED_TWICE, stuck), **given)), Wait)


def test_a_deployment_of_the_stack_is_written_down():
    """`cdk deploy` keeps the parameters and makes a new config of them."""
    again = decide(situation(journal(*SERVED), versions=(1,), config="Config-9")).record
    assert (again.cause, again.release_id, again.config) == ("deploy", "r1-v1", "Config-9")
    assert isinstance(decide(situation(journal(*SERVED, again), versions=(1,), config="Config-9")), Wait)


# The backstop


@pytest.mark.parametrize(("minutes", "vetoed"), [(4, False), (6, True), (24 * 60, True), (24 * 60 + 1, False)])
def test_the_backstop_counts_after_the_old_fleet_is_forgotten_and_while_it_is_watched(minutes, vetoed):
    """Two periods and three minutes after the release, until the watch ends."""
    log = journal(*SERVED_TWICE)
    rang = log.outcomes["r4-v2"].at + timedelta(minutes=minutes)
    action = decide(situation(log, versions=(1, 2), release_id="r4-v2", config="Config-2", backstop=rang))
    assert (isinstance(action, Append) and action.record.cause == "alarm") == vetoed


def test_the_backstop_vetoes_nothing_when_there_is_no_way_back():
    """People are told by the alarm itself."""
    log = journal(*SERVED)
    rang = log.now - timedelta(minutes=10)
    assert isinstance(decide(situation(log, versions=(1,), backstop=rang)), Wait)


# People and the registry


def test_people_hear_before_anything_new_begins_and_after_what_is_urgent():
    """A return does not wait for a message; a new release does."""
    log = journal(*SERVED_TWICE, told=False)
    assert decide(situation(log, versions=(1, 2, 3), release_id="r4-v2", config="Config-2")) == Tell(
        record=log.outcomes["r1-v1"]
    )
    vetoed = journal(*SERVED_TWICE, Veto(version=2, by="ada", cause="person", reason="bad"), told=False)
    assert isinstance(decide(situation(vetoed, versions=(1, 2), release_id="r4-v2", config="Config-2")), Open)


@pytest.mark.parametrize(
    ("members", "rejected"),
    [({}, True), ({"may_reject_deployed": False}, False), ({"first": False, "may_reject_deployed": False}, False)],
)
def test_what_is_vetoed_is_rejected_where_nobody_else_can_serve_it(members, rejected):
    """A later stage may serve what was deployed here once."""
    veto = Veto(version=2, by="ada", cause="person", reason="bad")
    log = journal(*SERVED_TWICE, veto, opened(1, cause="rollback"), outcome("r8-v1", config="Config-3"))
    action = decide(situation(log, versions=(1, 2), release_id="r8-v1", config="Config-3", **members))
    assert (action == Reject(package=package(2), evidence="bad")) == rejected


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"stack": None}, "the serving stack is not deployed"),
        ({"status": "UPDATE_IN_PROGRESS"}, "the serving stack is UPDATE_IN_PROGRESS"),
        ({"endpoint": Endpoint(status="Updating", config="Config-1")}, "the endpoint is Updating"),
    ],
)
def test_otherwise_it_waits_and_says_why(members, reason):
    """Whatever stands in the way of a release is named."""
    assert decide(situation(journal(*SERVED), versions=(1, 2), **members)) == Wait(reason=reason)
