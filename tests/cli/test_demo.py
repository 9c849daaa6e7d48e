from hypothesis import given
from hypothesis import strategies as st

from cli.demo.scoring import auc_of


def pairs_won(truth, scores):
    """The definition, by counting: the share of (bad, good) pairs in which the bad one has the higher score."""
    bad = [score for score, label in zip(scores, truth, strict=True) if label]
    good = [score for score, label in zip(scores, truth, strict=True) if not label]
    won = sum((b > g) + (b == g) / 2 for b in bad for g in good)
    return won / (len(bad) * len(good))


labelled = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=2, max_size=40).filter(
    lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
)


@given(labelled)
def test_auc_is_the_share_of_pairs_ranked_right(rows):
    """The rank formula agrees with counting the pairs, ties included."""
    truth, scores = [label for label, _ in rows], [float(score) for _, score in rows]
    assert abs(auc_of(truth, scores) - pairs_won(truth, scores)) < 1e-12
