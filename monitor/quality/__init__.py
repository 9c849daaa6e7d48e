"""Model quality: answers joined with labels that came later, and how well they agree, against limits or a baseline."""

from monitor.quality.joining import Joined, join
from monitor.quality.judging import baseline, judge
from monitor.quality.labelled import BadQuality

__all__ = ["BadQuality", "Joined", "baseline", "join", "judge"]
