"""Runs a scenario: one client against a fresh organisation of the mock, and returns its trace."""

from contracts.world.playing import Ran
from contracts.world.world import Run, World

__all__ = ["Ran", "Run", "World"]
