"""The analyzer: what a model's traffic looks like against what it was made from, and whether that is still the same.

One program for a Lambda, a Processing job and a laptop; it imports none of the other rooms.
"""
