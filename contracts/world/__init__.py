"""Runs a scenario: one client against a fresh organisation of the mock, and returns its trace."""

from contracts.world.world import Ran, Run, World

__all__ = ["Ran", "Run", "World"]
