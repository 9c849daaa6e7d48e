"""Facts of every monitor, small and made by hand, for the report to draw."""

from datetime import UTC, datetime, timedelta

from monitor.attribution.facts import Attribution, AttributionFacts
from monitor.bias.facts import BiasFacts, BiasMeasure, FacetFacts, Group
from monitor.business.facts import BusinessFacts, KpiFact
from monitor.judgement import Judgement, Monitor, Outcome, Violation
from monitor.judging.facts import DataFacts, Feature, Numbers, Side
from monitor.quality.facts import CalibrationBin, ClassificationFacts, Coverage, Curve, Measure, RegressionFacts
from monitor.report import Run

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_run(**more):
    """A run over an hour of 5,214 rows."""
    given = {
        "stage": "dev",
        "model": "credit-risk",
        "package_version": "credit-risk/3",
        "run": "20261121T130003Z-1f3a",
        "start": NOON,
        "end": NOON + timedelta(hours=1),
        "made": NOON + timedelta(hours=1, seconds=3),
        "rows": 5214,
    }
    return Run(**given | more)


def numeric(name="age", *, was=(33.0, 22.0, 60.0), now=(24.0, 19.0, 35.0), **more):
    """A feature of numbers, by median, 5 % and 95 % of either side."""
    given = {
        "name": name,
        "kind": "numeric",
        "inferred_type": "Integral",
        "baseline": a_side(was, shares=(0.1, 0.6, 0.3)),
        "current": a_side(now, shares=(0.7, 0.2, 0.1)),
        "distance": 0.6,
        "threshold": 0.05,
        "p_value": 1e-9,
        "psi": 0.4,
        "jensen_shannon": 0.3,
        "moved": True,
        "violated": True,
        "edges": (18.0, 30.0, 45.0, 75.0),
    }
    return Feature(**given | more)


def a_side(middles, *, shares):
    """One side of a feature of numbers."""
    middle, low, high = middles
    numbers = Numbers(mean=middle, std=9.0, min=low, max=high, quantiles=(low, low, middle, high, high))
    return Side(rows=1000, missing=0, numbers=numbers, shares=shares)


def categorical(name="purpose", **more):
    """A feature of categories, one of them new."""
    given = {
        "name": name,
        "kind": "categorical",
        "inferred_type": "String",
        "baseline": Side(rows=1000, missing=0, shares=(0.6, 0.4, 0.0)),
        "current": Side(rows=1000, missing=20, shares=(0.5, 0.3, 0.2)),
        "distance": 0.2,
        "threshold": 0.05,
        "categories": ("car", "radio/TV", "yacht"),
        "unseen": (False, False, True),
    }
    return Feature(**given | more)


def data(features, *, outcome=Outcome.COMPLETED_WITH_VIOLATIONS, reason="age has moved."):
    """What data quality says of features."""
    facts = DataFacts(
        baseline_rows=750,
        current_rows=5214,
        false_alarm_rate=0.01,
        checks=12,
        resolution=0.0002,
        features=tuple(features),
    )
    violations = tuple(
        Violation(
            feature=each.name, check="baseline_drift_check", description=f"{each.name} has moved by 0.6.", value=0.6
        )
        for each in features
        if each.violated
    )
    return Judgement(
        monitor=Monitor.DATA_QUALITY, outcome=outcome, reason=reason, rows=5214, violations=violations, facts=facts
    )


COVERAGE = Coverage(rows=5214, labelled=2110, conflicting=40, unmatched=31, examples={"conflicting": ("order-1",)})
AUC = Measure(
    name="auc", title="Area under the ROC curve", value=0.71, better="higher", low=0.68, high=0.74, baseline=0.79
)


def classification():
    """What model quality says of a classifier."""
    facts = ClassificationFacts(
        coverage=COVERAGE,
        measures=(AUC,),
        positive_label="0",
        decision_threshold=0.5,
        costs=(1.0, 5.0),
        confusion=((1300, 240), (260, 310)),
        base_rate=0.27,
        roc=Curve(x=(0.0, 0.2, 1.0), y=(0.0, 0.7, 1.0)),
        precision_recall=Curve(x=(0.0, 1.0), y=(1.0, 0.3)),
        calibration=(CalibrationBin(score=0.2, share=0.25, low=0.2, high=0.3, rows=400),),
        score_edges=(0.0, 0.5, 1.0),
        score_negative=(1300, 240),
        score_positive=(260, 310),
    )
    return Judgement(
        monitor=Monitor.MODEL_QUALITY, outcome=Outcome.COMPLETED, reason="AUC is 0.71.", rows=2110, facts=facts
    )


def regression():
    """What model quality says of a regression."""
    facts = RegressionFacts(
        coverage=COVERAGE,
        measures=(Measure(name="rmse", title="Root mean squared error", value=2.1, better="lower", at_most=2.5),),
        predicted=(9.0, 11.0),
        true=(10.0, 10.0),
        residual_edges=(-2.0, 0.0, 2.0),
        residual_counts=(1, 1),
        residual_quantiles=(-1.0, -1.0, 0.0, 1.0, 1.0),
    )
    return Judgement(
        monitor=Monitor.MODEL_QUALITY, outcome=Outcome.COMPLETED, reason="RMSE is 2.1.", rows=2, facts=facts
    )


def bias():
    """What the bias monitor says, too little of it."""
    rates = {"favoured_labels": 0.6, "favoured_answers": 0.5, "true_positive_rate": 0.7, "false_positive_rate": None}
    measures = (
        BiasMeasure(
            code="DPL",
            title="Difference in labels",
            stage="pre_training",
            neutral=0.0,
            value=0.07,
            limit=0.2,
            judged=True,
        ),
        BiasMeasure(
            code="TE",
            title="Treatment equality",
            stage="post_training",
            neutral=0.0,
            value=None,
            note="no false positive",
        ),
    )
    facet = FacetFacts(
        facet="sex",
        value="female",
        group=Group(name="sex=female", rows=310, labelled=300, **rates),
        others=Group(name="sex≠female", rows=690, labelled=600, **rates),
        measures=measures,
    )
    return Judgement(
        monitor=Monitor.BIAS,
        outcome=Outcome.INSUFFICIENT_DATA,
        reason="Only 12 rows have a label.",
        rows=12,
        facts=BiasFacts(favourable="risk = 1", facets=(facet,)),
    )


def attribution():
    """What the explainability monitor says."""
    features = tuple(
        Attribution(
            feature=name, value=share, share=share, rank=rank, baseline=was, baseline_share=was, baseline_rank=before
        )
        for name, share, rank, was, before in (("age", 0.3, 2, 0.6, 1), ("duration", 0.7, 1, 0.4, 2))
    )
    facts = AttributionFacts(ndcg=0.85, minimum_ndcg=0.9, rows=300, method="sampled Shapley values", features=features)
    return Judgement(
        monitor=Monitor.EXPLAINABILITY, outcome=Outcome.COMPLETED, reason="NDCG is 0.85.", rows=300, facts=facts
    )


def business():
    """What the business monitor says: it could not."""
    kpi = KpiFact(name="refused_good", expression="sum(credit_amount where label == 1)", value=412000.0, unit="DM")
    return Judgement(
        monitor=Monitor.BUSINESS,
        outcome=Outcome.FAILED,
        reason="The column income is not captured.",
        rows=0,
        facts=BusinessFacts(kpis=(kpi, KpiFact(name="loss", expression="mean(x)", value=None, note="no rows"))),
    )


def all_five():
    """One judgement of each monitor."""
    return [data([numeric(), categorical()]), classification(), bias(), attribution(), business()]
