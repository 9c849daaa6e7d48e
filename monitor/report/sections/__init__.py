"""The parts of the page: one for each kind of judgement, and those about the run as a whole."""
