"""Bias: whether one group of people fares worse, in the labels and in the answers, by the metrics of SageMaker Clarify."""
