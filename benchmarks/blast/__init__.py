"""How much a bad release harms, measured: the parts of ``blast_radius.py``."""
