"""Drives a client that is a command, in virtual time: one process for each intent."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.clients.base import Clients, Intent, Seat, shortened
from contracts.clients.child import KEPT_OUTPUT, telling_line
from contracts.clients.one_shot import hangs, outcome_of
from contracts.clients.virtual.driver import SimulatedDriver
from contracts.clients.virtual.simulation import Simulation, check_left
from contracts.clients.virtual.starting import Input, Starter


class VirtualOneShot(SimulatedDriver):
    """A command, run for each intent; intents of one item run at once."""

    output = ""

    def __init__(self, clients: Clients, starter: Starter, seat: Seat, simulation: Simulation, patience: float) -> None:
        super().__init__(clients, simulation, patience)
        self._starter, self._seat = starter, seat
        self._count = 0

    def send(self, intents: Sequence[Intent], schedule: Sequence[int]) -> None:
        """See Driver. Raises ClientError if the command cannot be started, Lost if it hangs."""
        simulation, running = self._simulation, list[_Running]()
        simulation.follow(schedule)
        simulation.is_still = lambda: all(one.is_still() for one in running)
        simulation.is_waited_for = lambda: any(one.is_outside() for one in running)
        try:
            for intent in intents:
                self._count += 1
                running.append(_Running(intent, self._count, self._starter, self._seat, simulation, self._patience))
            if not simulation.run_to_end(lambda: all(one.has_ended() for one in running)):
                raise hangs(self._patience, next(one.words for one in running if not one.has_ended()))
        finally:
            for one in running:
                one.close()
                self.output = (self.output + one.tail)[-KEPT_OUTPUT:]

    def advance(self, seconds: float) -> None:
        """See Driver; no process runs."""
        self._clients.skip(seconds)


class _Running:
    """One process, and the intent that it was started for."""

    def __init__(
        self, intent: Intent, number: int, starter: Starter, seat: Seat, simulation: Simulation, patience: float
    ) -> None:
        """Raises ClientError if it cannot be started."""
        intent.began()
        self._intent, self._simulation, self._has_ended = intent, simulation, False
        self._child, self._door = starter.start(simulation, seat)
        self.is_still = self._child.life(patience, lambda: seat.handler.requests).is_still
        simulation.hear(self._child)
        self._input = Input(self._child, simulation)
        self._input.write(intent.question(number))
        self._input.end()

    @property
    def tail(self) -> str:
        """The end of its output to stderr."""
        return self._child.tail

    @property
    def words(self) -> str:
        """The line of its output that says why it failed."""
        self._child.hear()
        return telling_line(self._child.tail)

    def is_outside(self) -> bool:
        """Return whether it runs outside of the simulation: it has not come in yet, or is about to end."""
        return not self.has_ended() and not self._simulation.company.has_come_by(self._door)

    def has_ended(self) -> bool:
        """Return whether it has ended; then its intent has."""
        if not self._has_ended and (status := self._child.wait(0)) is not None:
            self._has_ended = True
            check_left(status)
            self._intent.ended(*outcome_of(status, shortened(self.words)))
        return self._has_ended

    def close(self) -> None:
        """End it with its children."""
        self._input.close()
        self._simulation.unwatch(self._child.stderr)
        self._child.kill()
