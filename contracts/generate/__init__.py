"""Draws scenarios: whole histories, complete before anything runs."""

from contracts.generate.built_in import built_in
from contracts.generate.draw import scenarios
from contracts.generate.perturbations import KINDS
from contracts.generate.setting import Limits

__all__ = ["KINDS", "Limits", "built_in", "scenarios"]
