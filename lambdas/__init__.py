"""The reactions: small functions that parse an event, decide, act and report."""
