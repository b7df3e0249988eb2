"""Makes scenarios: whole histories, complete before anything runs. Those that are drawn need Hypothesis: see `draw`."""

from contracts.generate.built_in import built_in
from contracts.generate.limits import Limits
from contracts.generate.walk import walk
from contracts.profiles import Extent

__all__ = ["Extent", "Limits", "built_in", "walk"]
