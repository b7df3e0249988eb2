"""Directed trials. Each is one run with given requests and expected answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Flag, auto
from typing import Any, NamedTuple

from contracts.probe.probe_run import ProbeRun
from contracts.probe.provider import Provider


class Need(Flag):
    """The things that a provider must have besides credentials."""

    NOTHING = 0
    CONTROL = auto()
    REPLICAS = auto()
    RESTART = auto()


class ProbeTrial(NamedTuple):
    """A trial: `run` makes it, in a world with this `policy`, for the clause `clause`."""

    clause: str
    run: Callable[[ProbeRun], None]
    policy: Mapping[str, Any] = {}
    needs: Need = Need.NOTHING


def offered(provider: Provider) -> Need:
    """Return what a provider has."""
    offers = Need.NOTHING
    if provider.control is not None:
        offers |= Need.CONTROL
    if len(provider.doors) > 1:
        offers |= Need.REPLICAS
    if provider.restart is not None:
        offers |= Need.RESTART
    return offers
