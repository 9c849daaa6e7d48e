"""Bias: whether one group of people fares worse, in labels and in answers, by the metrics of SageMaker Clarify."""

from monitor.bias.cells import BadBias
from monitor.bias.judging import baseline, judge

__all__ = ["BadBias", "baseline", "judge"]
