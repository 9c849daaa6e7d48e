"""`sluice`, the command: what people type, carried out through boto3 alone."""
