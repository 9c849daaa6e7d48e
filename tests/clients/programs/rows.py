"""The data of the programs: y = 3a - 2b with a little noise, label first, without a header."""

import random
from pathlib import Path


def write(path: Path, *, count: int = 200) -> Path:
    """Write ``count`` rows to ``path``."""
    chance = random.Random(1)
    lines = []
    for _ in range(count):
        a, b = chance.random(), chance.random()
        lines.append(f"{3 * a - 2 * b + chance.gauss(0, 0.01):.6f},{a:.6f},{b:.6f}\n")
    path.write_text("".join(lines))
    return path
