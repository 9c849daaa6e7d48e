import sys
from pathlib import Path

# A benchmark is a program of its own folder, not a room of the kit: one of them is called like a room, so it comes last.
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
