"""One pass over a table gives a profile: small, mergeable, exact where it can be and with a stated error elsewhere.

`Profile` has a `Column` for each column; its `numbers` (`Numbers`) and `texts` (`Categories`) hold the distributions.
"""

from monitor.profile.categories import Categories
from monitor.profile.column import MIXED, Column, Type
from monitor.profile.numbers import Numbers
from monitor.profile.profile import Profile

__all__ = ["MIXED", "Categories", "Column", "Numbers", "Profile", "Type"]
