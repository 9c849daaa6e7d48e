"""Joins stages, pipelines and Lambdas into CloudFormation: the only room where AWS rights are given."""
