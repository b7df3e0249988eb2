"""Distinguishes clients that fail from clients that never worked and cannot be judged."""

from __future__ import annotations

import re

from contracts.builtin import BUILTIN
from contracts.clients.child import last_lines
from contracts.clients.errors import ClientProtocolError, NothingSent, PlatformUnreached
from contracts.runner import Run, Runner
from contracts.scenario import Scenario
from mockserver.journal import Arrival, Ended

PLAIN = BUILTIN["two-plain-sends"]
"""The scenario that every working client gets through."""

SILENT_RUNS = 5
"""First runs after which a client that raised before any request, in each of them, may never send anything."""

_NETWORK = re.compile(r"\w*(Connect|Network|HTTP|URL|Timeout|Proxy|SSL|Protocol|Transport|Request|gaierror|OSError)")
"""Matches an error of an HTTP library, or a system error about a connection, as `describe` words it."""


class Working:
    """Remembers whether the client has worked once. From then on, everything that it does counts."""

    def __init__(self, world: Runner) -> None:
        self._world = world
        self._is_known = False
        self._silent = 0

    def check(self, scenario: Scenario, run: Run) -> None:
        """Raise ClientError if the client ended, fell silent or reached nothing in `run`, and in the plainest scenario.

        The same if it raised before its first request in all of several runs, and in the plainest scenario.
        """
        if self._is_known:
            return
        self._silent += _raised_in_silence(run)
        if run.lost or self._reached_nothing(run) or self._silent == SILENT_RUNS:
            self._check_plain(run if scenario == PLAIN else self._world.run(PLAIN))
            self._is_known = True
        else:
            self._is_known = bool(_ends(run)) and not _raised_in_silence(run)

    def _check_plain(self, run: Run) -> None:
        if run.lost:
            raise ClientProtocolError(run.hung, last_lines(run.output))
        if self._reached_nothing(run):
            clients = self._world.clients
            raise PlatformUnreached(clients.way_in, _ends(run)[0].error, strayed=clients.strayed)
        if self._silent == SILENT_RUNS and _raised_in_silence(run):
            raised = [line for line in run.log() if line.stream == "raised" and line.text]
            raise NothingSent(_ends(run)[0].error, SILENT_RUNS, [line.text for line in raised if line.after == raised[0].after])

    def _reached_nothing(self, run: Run) -> bool:
        """Return whether the client made no request though it wanted to.

        That is so if it looked for the platform elsewhere, or if every message failed on the network. A client that reports
        success without a request is a matter for the clauses. The error of a process may mean anything.
        """
        ends, clients = _ends(run), self._world.clients
        if not ends or _sent_something(run):
            return False
        if clients.strayed:
            return True
        return all(end.outcome == "failed" and (clients.is_process or _NETWORK.match(end.error)) for end in ends)


def _raised_in_silence(run: Run) -> bool:
    """Return whether every message failed, and no request was made for any."""
    ends = _ends(run)
    return bool(ends) and not _sent_something(run) and all(end.outcome == "failed" for end in ends)


def _sent_something(run: Run) -> bool:
    return any(isinstance(entry, Arrival) for entry in run.trace)


def _ends(run: Run) -> list[Ended]:
    return [entry for entry in run.trace if isinstance(entry, Ended)]
