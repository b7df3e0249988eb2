"""Runs a scenario: one client against a fresh organisation of the mock, and returns its trace."""

from contracts.runner.playing import Ran
from contracts.runner.runner import Run, Runner

__all__ = ["Ran", "Run", "Runner"]
