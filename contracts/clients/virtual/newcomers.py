"""Processes that a client has started, and that may yet come into the simulation."""

from __future__ import annotations

import time
from collections.abc import Sequence

from contracts.clients.child import LEAST_WORK, children_of, state_of, work_of
from contracts.clients.virtual.members import Member

GRACE = 1.0
"""Seconds of real time in which a process may say hello, or end; longer if it is still at work."""

_monotonic = time.monotonic


class Newcomers:
    """The children of `members` that are no members. One that is about to end has just ceased to be one."""

    def __init__(self, members: Sequence[Member], longest: float) -> None:
        self._members = members
        self._since = self._looked_at = _monotonic()
        self._longest = longest
        self._work = self._measured()

    def are_late(self) -> bool:
        """Return whether they had GRACE without any work, or have worked for too long: they have no shim."""
        now = _monotonic()
        if now - self._looked_at < GRACE:
            return False
        before, self._work, self._looked_at = self._work, self._measured(), now
        return now - self._since > self._longest or not any(
            state_of(process) in {"R", "D", "Z"} or work - before.get(process, -1.0) >= LEAST_WORK
            for process, work in self._work.items()
        )

    def _measured(self) -> dict[int, float]:
        known = {member.pid for member in self._members}
        started = {process for member in known for process in children_of(member)}
        return {process: work_of(process) for process in started - known}
