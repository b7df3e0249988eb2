"""Tells a client that fails from one that never worked, of which nothing can be said but why."""

from __future__ import annotations

import re

from contracts.builtin import BUILTIN
from contracts.clients.child import last_lines
from contracts.clients.errors import ClientProtocolError, PlatformUnreached
from contracts.scenario import Scenario
from contracts.world import Run, World
from mockserver.journal import Arrival, Ended

PLAIN = BUILTIN["two-plain-sends"]
"""A client that cannot get through this one does not work."""


_NETWORK = re.compile(r"\w*(Connect|Network|HTTP|URL|Timeout|Proxy|SSL|Protocol|Transport|Request|gaierror|OSError)")
"""An error of an HTTP library, or of the system's about a connection, as `describe` words it."""


class Working:
    """Remembers whether the client has worked once: from then on, everything that it does counts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._is_known = False

    def check(self, scenario: Scenario, run: Run) -> None:
        """Raises ClientError if the client ended, fell silent or reached nothing in `run`, and does so in the plainest
        scenario too."""
        if self._is_known:
            return
        if run.lost or self._reached_nothing(run):
            self._check_plain(run if scenario == PLAIN else self._world.run(PLAIN))
        self._is_known = bool(_ends(run))

    def _check_plain(self, run: Run) -> None:
        if run.lost:
            raise ClientProtocolError(run.hung, last_lines(run.output))
        if self._reached_nothing(run):
            clients = self._world.clients
            raise PlatformUnreached(clients.way_in, _ends(run)[0].error, strayed=clients.strayed)

    def _reached_nothing(self, run: Run) -> bool:
        """Whether there was no request, though the client wanted to make one: it looked for the platform elsewhere, or every
        message failed on the network. A client that reports success without a request lies, one that raises an error of its
        own gives up, and clauses say so. Of a process nobody knows what its error means."""
        ends, clients = _ends(run), self._world.clients
        if not ends or any(isinstance(entry, Arrival) for entry in run.trace):
            return False
        if clients.strayed:
            return True
        return all(end.outcome == "failed" and (clients.is_process or _NETWORK.match(end.error)) for end in ends)


def _ends(run: Run) -> list[Ended]:
    return [entry for entry in run.trace if isinstance(entry, Ended)]
