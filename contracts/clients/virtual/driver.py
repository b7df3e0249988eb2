"""Drives a client's process in virtual time."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from contracts.clients import lines
from contracts.clients.base import Clients, Driver, Intent, Lost, Seat, VirtualTimeClients
from contracts.clients.child import Child, command_line, telling_line
from contracts.clients.conversation import Conversation, hangs, left_at_work
from contracts.clients.errors import ClientError, ClientProtocolError
from contracts.clients.process import PATIENCE, shown_too
from contracts.clients.virtual.server import HOST
from contracts.clients.virtual.simulation import Silent, Simulation, check_left
from contracts.clients.virtual.starting import Input, Starter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

T = TypeVar("T")


class VirtualClients(VirtualTimeClients):
    """Clients that `command` starts, on a runtime that has a shim; `virtual.probe` finds out whether it has one."""

    def __init__(self, command: str, *, one_shot: bool = False, patience: float = PATIENCE, show_output: bool = False) -> None:
        """`one_shot`: a process is started for each intent."""
        stdout = subprocess.DEVNULL if one_shot else subprocess.PIPE
        self._starter = Starter(command_line(command), stdout=stdout)
        self._one_shot, self._patience, self._show_output = one_shot, patience, show_output
        super().__init__()

    def open(self, make_app: Callable[[], WSGIApplication]) -> None:
        """See Clients; each client gets a platform of its own with its seat."""

    def start(self, seat: Seat) -> Driver:
        """See Clients."""
        if self._show_output:
            seat = seat._replace(wrote=shown_too(seat.wrote))
        simulation = Simulation(self.time, self._patience, seed=random.getrandbits(32))
        if self._one_shot:
            from contracts.clients.virtual.one_shot import VirtualOneShot

            return VirtualOneShot(self, self._starter, seat, simulation, self._patience)
        try:
            child, _ = self._starter.start(simulation, seat)
        except ClientError:
            simulation.close()
            raise
        return VirtualDriver(self, child, seat, simulation, self._patience)

    def close(self) -> None:
        """See Clients."""
        self._starter.close()


class SimulatedDriver(Driver):
    """The part of a driver that is the same for all processes in a simulation."""

    def __init__(self, clients: Clients, simulation: Simulation, patience: float) -> None:
        self._clients, self._simulation, self._patience = clients, simulation, patience

    def grant(self, seconds: float) -> None:
        """See Driver."""
        self._simulation.grant(seconds)

    def give_up(self, why: str) -> None:
        """See Driver."""
        self._simulation.given_up = self._simulation.given_up or why

    def close(self) -> None:
        """See Driver."""
        self._clients.note = self._clients.note or self._simulation.note
        self._simulation.close()


class VirtualDriver(SimulatedDriver):
    """One process, and those that it starts, in a simulation."""

    def __init__(self, clients: Clients, child: Child, seat: Seat, simulation: Simulation, patience: float) -> None:
        super().__init__(clients, simulation, patience)
        self._child = child
        self._handler, self._credentials = seat.handler, seat.credentials
        self._conversation = Conversation()
        self._lines = lines.Lines(seat.credentials)
        self._said: list[bytes] = []
        self._input = Input(child, simulation)
        self._is_lost = False
        os.set_blocking(child.stdout, False)
        simulation.settled = self._listen
        simulation.watch(child.stdout, self._read)
        simulation.hear(child)

    @property
    def output(self) -> str:
        """See Driver."""
        return self._child.tail

    def send(self, intents: Sequence[Intent], schedule: Sequence[int]) -> None:
        """See Driver. Raises Lost if the client does not keep to the protocol, ends or hangs."""
        self._is_lost = True  # unless it gets to the end of this
        simulation = self._simulation
        simulation.follow(schedule)
        self._input.write(b"".join([self._conversation.ask(intent) for intent in intents]))
        self._watched(lambda: simulation.run(lambda: simulation.has_closed or not self._conversation.is_open))
        if self._conversation.is_open:
            self._has_ended()
        self._is_lost = False

    def advance(self, seconds: float) -> None:
        """See Driver."""
        self._is_lost = True
        simulation = self._simulation
        simulation.follow(())
        self._watched(lambda: simulation.run_until(simulation.now + round(seconds * 1_000_000)))
        self._is_lost = False

    def close(self) -> None:
        """See Driver: ends the client's input and lets it come to its end."""
        try:
            if not self._is_lost:
                self._is_lost = True  # a second call has nothing left to check
                self._end()
        finally:
            super().close()
            self._child.kill()

    def _end(self) -> None:
        self._simulation.follow(())
        self._input.end()
        has_ended = self._watched(lambda: self._simulation.run_to_end(lambda: self._child.wait(0) is not None))
        status = self._child.wait(0)
        if has_ended and status is not None:
            self._read_all()
            check_left(status)
        self._conversation.check_end(status if has_ended else None, self._patience, self._words)

    def _watched(self, run: Callable[[], T]) -> T:
        """Run the simulation. Raises Lost if the client does not keep to the protocol, or shows nothing."""
        self._simulation.is_still = self._child.life(self._patience, lambda: self._handler.requests).is_still
        try:
            return run()
        except Silent:
            raise hangs(self._patience, self._lines.unfinished, self._words) from None
        except ClientProtocolError as error:
            raise Lost(error.problem) from error

    def _has_ended(self) -> None:
        """The client has closed its output, though it owes an answer. Raises Lost, ClientProtocolError."""
        status = self._child.wait(self._patience)
        check_left(status)
        raise left_at_work(status, self._words)

    @property
    def _words(self) -> str:
        self._child.hear()
        return telling_line(self._child.tail)

    # -- its pipes ---------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            chunk = os.read(self._child.stdout, 1 << 16)
        except BlockingIOError:
            return
        if chunk:
            self._said += self._lines.feed(chunk)
        else:
            self._simulation.has_closed = True
            self._simulation.unwatch(self._child.stdout)

    def _read_all(self) -> None:
        """Take what the client has said in its last moments."""
        while not self._simulation.has_closed:
            before = len(self._said), self._lines.pending
            self._read()
            if before == (len(self._said), self._lines.pending):
                break
        self._listen()

    def _listen(self) -> None:
        """All is still: take the client's answers, in the order in which the messages were asked for."""
        own = self._simulation.host.encode()
        said, self._said = [line.replace(own, HOST.encode()) for line in self._said], []  # the port differs in each run
        for reply in sorted((lines.reply(line, self._credentials) for line in said), key=lambda reply: reply.id):
            self._conversation.settle(self._conversation.expected(reply))
        if self._simulation.has_closed:
            self._lines.end()
