"""The processes of one client in a simulation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from contracts.clients.base import Lost
from contracts.clients.child import state_of
from contracts.clients.virtual.members import EntrySocket, Member, State
from contracts.clients.virtual.protocol import BadMessage, Idle

Watch = Callable[[int, Callable[[], object]], None]


class Company:
    """The `members` that have come in by its doors.

    `watch` and `unwatch` take descriptors. `told` is called with what a process says that is idle, `left` when one has ended.
    """

    def __init__(
        self, watch: Watch, unwatch: Callable[[int], None], told: Callable[[Idle], None], left: Callable[[], None]
    ) -> None:
        self.members: list[Member] = []
        self._gone: set[int] = set()
        self._doors: list[EntrySocket] = []
        self._watch, self._unwatch, self._told, self._left = watch, unwatch, told, left

    def open(self, door: EntrySocket) -> None:
        """Let processes come in by a door, which is closed at the end."""
        self._doors.append(door)
        self._watch(door.listening.fileno(), partial(self._admit, door))

    def has_come_by(self, door: EntrySocket) -> bool:
        """Return whether a process is there that has come in by this door."""
        return any(member.door is door for member in self.members)

    def in_turn(self) -> list[Member]:
        """Return the processes in an order of their own: as they were started, not as they came in."""
        return sorted(self.members, key=lambda member: (self._doors.index(member.door), member.pid))

    def first(self, state: State, *, owed: bool = False) -> Member | None:
        """Return the first of those in a state; if `owed`, of those that have to look at what has come in."""
        return next((member for member in self.in_turn() if member.state == state and (member.owed or not owed)), None)

    def all_look(self) -> None:
        """Let all look at what has come in."""
        for member in self.members:
            member.owed = True

    def go(self, member: Member, now: int, rest: int | None = None) -> None:
        """Let one go on, if it waits. Raises Lost."""
        try:
            member.go(now, rest)
        except BadMessage as error:
            raise _disobeys(error) from error

    def has_deserter(self) -> bool:
        """Return whether all have left, and the process of one goes on."""
        return not self.members and any(state_of(process) not in {"", "Z"} for process in self._gone)

    def close(self) -> None:
        """Close all channels, at which the processes end, and all doors."""
        for member in list(self.members):
            self._leave(member)
        for door in self._doors:
            door.close()

    def _admit(self, door: EntrySocket) -> None:
        while (member := door.admit()) is not None:
            self.members.append(member)
            self._watch(member.channel.fileno(), partial(self._hear, member))

    def _hear(self, member: Member) -> None:
        try:
            messages = member.hear()
            if messages is None:
                self._leave(member)
                return
            for message in messages:
                if isinstance(message, Idle):
                    self._told(message)
                else:
                    self._check_twice(member)
        except BadMessage as error:
            raise _disobeys(error) from error

    def _check_twice(self, member: Member) -> None:
        """Raises BadMessage if the process of a new member is there already. It may have run another program instead."""
        for other in [other for other in self.members if other is not member and other.pid == member.pid != 0]:
            self._hear(other)
            if other in self.members:
                raise BadMessage(f"process {member.pid} said hello a second time, so its shim is loaded twice")

    def _leave(self, member: Member) -> None:
        self._unwatch(member.channel.fileno())
        member.close()
        self.members.remove(member)
        self._gone.add(member.pid)
        self._left()


def _disobeys(error: BadMessage) -> Lost:
    return Lost(f"the client does not keep to the protocol of virtual time: {error}; see --real-time")
