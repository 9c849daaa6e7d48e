"""Compares the monitors' numbers with scikit-learn's, SciPy's and Clarify's own open library; prints what differs."""

import json
import math
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import smclarify.bias.metrics.posttraining as post
import smclarify.bias.metrics.pretraining as pre
from scipy import stats
from sklearn import metrics

from monitor.attribution.ranking import ndcg
from monitor.bias import metrics as bias
from monitor.bias.cells import Answers, Facet, counted
from monitor.bias.flipping import flipped
from monitor.policy import BiasPolicy, QualityPolicy
from monitor.quality import spread
from monitor.quality.classification import Decisions, wilson
from monitor.quality.regression import Errors
from monitor.significance import above

CLOSE = 1e-9
FEW = 120
differences: list[str] = []


def compare(name, ours, theirs):
    """Notes what is not the same number."""
    if not (ours == theirs or abs(ours - theirs) <= CLOSE):
        differences.append(f"{name}: {ours} and not {theirs}")


def classification(random, rows):
    """Scores with and without ties, against scikit-learn."""
    label = random.random(rows) < 0.3
    score = np.clip(random.normal(0.35 + 0.2 * label, 0.2), 0, 1).round(int(random.integers(1, 9)))
    threshold = float(random.choice([0.2, 0.5, score[0]]))
    told, ours = score > threshold, spread.values(Decisions.of(score, label, threshold=threshold, costs=(1, 5)))
    (true_negative, false_positive), (false_negative, _) = metrics.confusion_matrix(label, told, labels=[False, True])
    theirs = {
        "auc": metrics.roc_auc_score(label, score),
        "au_prc": metrics.average_precision_score(label, score),
        "brier": metrics.brier_score_loss(label, score),
        "accuracy": metrics.accuracy_score(label, told),
        "precision": metrics.precision_score(label, told, zero_division=0),
        "recall": metrics.recall_score(label, told),
        "cost": (false_positive + 5 * false_negative) / rows,
        "true_negative_rate": true_negative / (true_negative + false_positive),
        **{
            name: metrics.fbeta_score(label, told, beta=beta, zero_division=0)
            for name, beta in (("f0_5", 0.5), ("f1", 1), ("f2", 2))
        },
    }
    for name, value in theirs.items():
        compare(name, ours[name], value)
    share, many = float(label.mean()), rows
    interval = stats.binomtest(int(label.sum()), many).proportion_ci(method="wilson")
    compare("wilson low", wilson(share, many)[0], interval.low)
    compare("wilson high", wilson(share, many)[1], interval.high)


def regression(random, rows):
    """Large means and small spreads, against scikit-learn."""
    true = random.normal(1e6, 3, rows)
    predicted = true + random.standard_t(4, rows)
    ours = spread.values(Errors(predicted=predicted, true=true))
    compare("mae", ours["mae"], metrics.mean_absolute_error(true, predicted))
    compare("mse", ours["mse"], metrics.mean_squared_error(true, predicted))
    compare("rmse", ours["rmse"], metrics.root_mean_squared_error(true, predicted))
    compare("r2", ours["r2"], metrics.r2_score(true, predicted))


def fairness(random, rows):
    """Groups of all sizes, against the library that Clarify's bias metrics come from."""
    group, subgroup = random.random(rows) < 0.4, random.integers(0, 3, rows)
    label = random.random(rows) < np.where(group, 0.3, 0.6)
    answer = np.where(random.random(rows) < 0.8, label, ~label)
    x, y = random.normal(size=rows), random.normal(size=rows)
    table = pa.table(
        {"g": group.astype(int), "s": subgroup, "x": x, "y": y, "label": label.astype(int), "prediction": answer * 1.0}
    )
    quality = QualityPolicy(kind="binary-classification", positive_label="1")
    answers = Answers.of(table, policy=BiasPolicy(facets={"g": "1"}), quality=quality)
    facet = Facet.of(answers.table, "g", "1")
    ours = {code: float(value) for code, value in bias.measured(counted(answers, facet, group_variable="s")).items()}
    g, label_, answer_, sub = (pd.Series(each) for each in (group, label, answer, subgroup))
    number = label_.astype(int)
    features = pd.DataFrame({"g": group.astype(int), "s": subgroup, "x": x, "y": y})
    theirs = {
        "CI": lambda: pre.CI(g, g),
        "DPL": lambda: pre.DPL(g, g, label_),
        "CDDL": lambda: pre.CDDL(g, g, label_, sub),
        "DPPL": lambda: post.DPPL(g, g, answer_),
        "DI": lambda: post.DI(g, g, answer_),
        "CDDPL": lambda: post.CDDPL(g, g, answer_, sub),
        "GE": lambda: post.GE(label_, answer_),
    }
    names = (("DCAcc", post.DCA), ("DCR", post.DCR), ("SD", post.SD), ("RD", post.RD), ("DAR", post.DAR))
    for code, metric in (*names, ("DRR", post.DRR), ("AD", post.AD), ("TE", post.TE)):
        theirs[code] = lambda metric=metric: metric(g, g, label_, answer_)
    # Where one side lacks a label wholly, the library leaves that label out of the sums: its KL is then negative.
    if all(0 < label[side].mean() < 1 for side in (group, ~group)):
        for code, metric in (("KL", pre.KL), ("JS", pre.JS), ("LP", pre.LP), ("TVD", pre.TVD), ("KS", pre.KS)):
            theirs[code] = lambda metric=metric: metric(number, g)
    for code, metric in theirs.items():
        compare(code, ours[code], float(metric()))
    if rows < FEW:  # the library's takes long
        compare("FT", flipped(answers, facet)[0], post.FT(features, g, answer_))


def ranking(random):
    """Attributions with and without ties, against scikit-learn; a tail of the normal distribution against SciPy."""
    many = int(random.integers(2, 12))
    baseline, current = random.random(many), random.random(many).round(1)
    names = [f"f{each}" for each in range(many)]
    ours = ndcg(dict(zip(names, current, strict=True)), dict(zip(names, baseline, strict=True)))
    compare("ndcg", ours, metrics.ndcg_score([baseline], [current]))
    z = float(random.normal(0, 3))
    compare("tail", above(z), stats.norm.sf(z))
    if math.isnan(ours):
        differences.append("ndcg is undefined")


def main():
    """Two hundred samples of each."""
    random = np.random.default_rng(20)
    for _ in range(200):
        rows = int(random.integers(30, 500))
        classification(random, rows)
        regression(random, rows)
        fairness(random, rows)
        ranking(random)
    sys.stdout.write(json.dumps({"differences": differences, "samples": 200}))


main()
