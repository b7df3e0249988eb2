"""Makes runs: each in a world of its own, all recorded in one ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contracts.probe.judging import Results
from contracts.probe.probe_run import GivenUp, ProbeRun
from contracts.probe.provider import Provider

ATTEMPTS = 3
"""Most runs of a trial. A run that had to wait is void."""


class ProbeRunner:
    """Makes runs against a provider."""

    def __init__(self, provider: Provider, ledger: Results) -> None:
        self.provider, self.ledger = provider, ledger
        self._authorization = ""

    @property
    def has_control(self) -> bool:
        """Return whether clocks can be moved here, and scopes taken away."""
        return self.provider.control is not None

    def open(self, policy: Mapping[str, Any]) -> ProbeRun:
        """Return the world of a new run, logged in. The caller closes it."""
        self.ledger.begin()
        world = ProbeRun(self.provider, self.ledger, policy, self._authorization)
        try:
            authorization = world.begin()
        except BaseException:
            world.close()
            raise
        if not self.has_control:
            self._authorization = authorization
        return world

    def run(self, trial: Callable[[ProbeRun], None], policy: Mapping[str, Any]) -> None:
        """Run `trial` once, or again if a run was void."""
        for _ in range(ATTEMPTS):
            if not self._run(trial, policy).judge.is_void:
                break

    def _run(self, trial: Callable[[ProbeRun], None], policy: Mapping[str, Any]) -> ProbeRun:
        world = self.open(policy)
        try:
            trial(world)
        except GivenUp:
            pass
        finally:
            world.close()
        return world
