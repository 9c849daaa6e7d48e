"""Makes the example data, subscribers of a video service that does not exist: the same file each time."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator
from pathlib import Path

ROWS = 1000
PRICES = {"basic": 7.99, "standard": 12.99, "premium": 17.99}
HEADER = ["cancelled", "age", "plan", "payment", "months", "monthly_price", "hours_watched", "support_calls"]


def subscribers(*, seed: int) -> Iterator[list[object]]:
    """Rows under HEADER. Short, idle and unhappy subscriptions end more often; so do those paid by invoice."""
    draw = random.Random(seed)
    for _ in range(ROWS):
        plan = draw.choice(list(PRICES))
        payment = draw.choice(["card", "direct debit", "invoice"])
        months = 1 + int(draw.expovariate(1 / 18))
        hours = round(draw.lognormvariate(2.2, 0.7), 1)
        calls = min(int(draw.expovariate(1.1)), 9)
        price = round(PRICES[plan] * draw.choice([1, 1, 1, 0.8]), 2)
        wish = 0.3 - 0.05 * months - 0.09 * hours + 0.75 * calls + 0.05 * price + 0.8 * (payment == "invoice")
        cancelled = draw.random() < 1 / (1 + math.exp(-wish))
        yield [int(cancelled), draw.randint(18, 80), plan, payment, months, price, hours, calls]


def main() -> None:
    """Write subscribers.csv beside this file; one of 25 has no hours, as if its device did not tell."""
    with Path(__file__).with_name("subscribers.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for number, row in enumerate(subscribers(seed=20)):
            writer.writerow([*row[:6], "" if number % 25 == 7 else row[6], row[7]])


if __name__ == "__main__":
    main()
