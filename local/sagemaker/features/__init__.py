"""Feature Store: groups, an online store that keeps the latest record of each, an offline one that keeps all in S3."""
