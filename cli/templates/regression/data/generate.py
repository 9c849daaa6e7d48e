"""Makes the example data, flats to let in a city that does not exist: the same file each time."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

ROWS = 1000
DISTRICTS = {"centre": 1.35, "harbour": 1.15, "north": 0.9, "west": 1.0}
HEADER = ["rent", "area_m2", "rooms", "district", "floor", "built", "balcony", "heating_cost"]


def flats(*, seed: int) -> Iterator[list[object]]:
    """Rows under HEADER. A square metre costs more in small flats, in good districts, in new houses and high up."""
    draw = random.Random(seed)
    for _ in range(ROWS):
        area = round(max(18.0, draw.lognormvariate(4.15, 0.4)), 1)
        rooms = max(1, min(8, round(area / 26 + draw.uniform(-0.7, 0.7))))
        district = draw.choice(list(DISTRICTS))
        floor = draw.randint(0, 7)
        built = draw.choice([1905, 1930, 1958, 1972, 1995, 2015]) + draw.randint(-9, 9)
        balcony = draw.choice(["no", "yes"])
        heating = round(area * draw.uniform(0.7, 1.6) * (1.3 if built < 1980 else 0.8), 0)
        price = (9 + 90 / area + 0.12 * floor + 0.03 * max(0, built - 1975)) * DISTRICTS[district]
        rent = (price * area + 45 * (balcony == "yes")) * draw.lognormvariate(0, 0.09)
        yield [round(rent), area, rooms, district, floor, built, balcony, int(heating)]


def main() -> None:
    """Write flats.csv beside this file; one of 20 does not say what heating costs."""
    with Path(__file__).with_name("flats.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for number, row in enumerate(flats(seed=20)):
            writer.writerow([*row[:7], "" if number % 20 == 3 else row[7]])


if __name__ == "__main__":
    main()
