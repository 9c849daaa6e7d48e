"""Bias: whether one group of people fares worse, in labels and in answers, by the metrics of SageMaker Clarify."""
