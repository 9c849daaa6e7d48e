"""The local cloud: AWS's wire protocols in front of real training, real serving and moto."""
