"""Judges a provider by the clauses P1 to P13: the mock, replicas of it, another mock, or the service itself."""

from contracts.errors import ProbeError
from contracts.probe.provider import Provider, at_url, in_process
from contracts.probe.run import BrokenOff, ProbeOptions, probe

__all__ = ["BrokenOff", "ProbeError", "ProbeOptions", "Provider", "at_url", "in_process", "probe"]
