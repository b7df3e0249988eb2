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
    """The children of `members` that are not members. One that is about to end has just ceased to be one."""

    def __init__(self, members: Sequence[Member], longest: float) -> None:
        self._members = members
        self._since = self._looked_at = _monotonic()
        self._longest = longest
        self._work = self._measured()

    def are_late(self) -> bool:
        """Return whether they had GRACE without any work, or have worked for too long. Then they are without a shim."""
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


class Strangers:
    """The children of `members` that are taken to be without a shim: `count` of them."""

    def __init__(self, members: Sequence[Member], longest: float) -> None:
        self.count = 0
        self._members, self._longest = members, longest
        self._newcomers: Newcomers | None = None

    def are_expected(self) -> bool:
        """Return whether children may yet say hello. If not, those that have not are strangers."""
        children = sum(member.idle.children for member in self._members)
        count = max(0, children - (len(self._members) - 1))
        if count > self.count:
            self._newcomers = self._newcomers or Newcomers(self._members, self._longest)
            if not self._newcomers.are_late():
                return True
        self.count, self._newcomers = count, None
        return False
