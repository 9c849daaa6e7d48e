import sys
from pathlib import Path

# A benchmark is a program of its own folder, not a room of the kit.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
