"""Draws scenarios: whole histories, complete before anything runs."""

from contracts.generate.built_in import built_in
from contracts.generate.draw import scenarios
from contracts.generate.perturbations import KINDS
from contracts.generate.setting import Limits
from contracts.generate.walk import walk
from contracts.profiles import Extent

__all__ = ["KINDS", "Extent", "Limits", "built_in", "scenarios", "walk"]
