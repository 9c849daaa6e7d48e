"""Business: figures that a team names itself, as expressions over captured columns, answers and labels."""
