import sys
from pathlib import Path

# A benchmark is a program of its own folder; that goes last, as one of them is called like a room of the kit.
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
