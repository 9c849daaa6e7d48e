"""`make demo`: the whole loop on this machine, on real data, checked as it goes."""
