"""Mean absolute attributions of a model of numbers and texts by shap, by ours and exactly: JSON on standard output."""

import itertools
import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[3]))

from pipelines.serving import attribution


def score(rows):
    """Numbers and texts that act alone and together."""
    kind = rows["kind"].map({"car": 0.0, "house": 1.0, "boat": -1.0}).astype(float)
    return (2 * rows["age"] + rows["amount"] * (kind + 0.5) + 0 * rows["idle"]).tolist()


def drawn(rows, seed):
    """Rows to explain, or to start from."""
    draw = np.random.default_rng(seed)
    columns = {name: draw.random(rows) for name in ("age", "amount", "idle")}
    return pd.DataFrame({**columns, "kind": draw.choice(["car", "house", "boat"], rows)})


def exact(rows, background):
    """By the definition: every set of the other features, over the whole background."""
    names, found = list(rows.columns), []
    for number in range(len(rows)):
        worth = {}
        for size in range(len(names) + 1):
            for chosen in itertools.combinations(names, size):
                mixed = background.assign(**{name: rows[name].iloc[number] for name in chosen})
                worth[frozenset(chosen)] = float(np.mean(score(mixed)))
        found.append([_share(worth, name, names) for name in names])
    return np.array(found)


def _share(worth, name, names):
    others, total = [each for each in names if each != name], 0.0
    for size in range(len(names)):
        weight = math.factorial(size) * math.factorial(len(names) - size - 1) / math.factorial(len(names))
        for chosen in map(frozenset, itertools.combinations(others, size)):
            total += weight * (worth[chosen | {name}] - worth[chosen])
    return total


def main():
    """Explain the same rows in three ways."""
    rows, background = drawn(60, 1), drawn(40, 2)
    ways = {
        "exact": exact(rows, background),
        "shap": attribution._by_library(score, rows, background),
        "ours": attribution.shapley(score, rows, background=background),
    }
    means = {
        way: dict(zip(rows.columns, np.abs(values).mean(axis=0).tolist(), strict=True)) for way, values in ways.items()
    }
    document = attribution.analysis(score, rows, background=background)
    means["analysis"] = document["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    sys.stdout.write(f"{json.dumps(means)}\n")


if __name__ == "__main__":
    main()
