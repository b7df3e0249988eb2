"""Drives a client that is a command: one process for each intent, which ends with status 0 when the message was accepted."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from queue import SimpleQueue

from contracts.clients.base import Driver, Hung, Intent, Lost, Outcome, Seat, shortened
from contracts.clients.child import KEPT_OUTPUT, Child, ending, telling_line
from contracts.clients.errors import ClientError


class OneShotDriver(Driver):
    """A command, run for each intent; intents of one item run at once."""

    output = ""

    def __init__(self, words: Sequence[str], variables: Mapping[str, str], seat: Seat, patience: float) -> None:
        self._words, self._variables = words, variables
        self._seat, self._patience = seat, patience
        self._running: list[Child] = []
        self._given_up = ""
        self._count = 0

    def send(self, intents: Sequence[Intent], schedule: Sequence[int]) -> None:  # noqa: ARG002 - nobody schedules a process
        """See Driver. Raises ClientError where the command cannot be started, Lost where it hangs."""
        failures: SimpleQueue[ClientError | Lost] = SimpleQueue()
        threads = [threading.Thread(target=self._run, args=(intent, failures), daemon=True) for intent in intents]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException as error:  # somebody at the keyboard, say, has had enough
            self.give_up(type(error).__name__)
            raise
        if self._given_up:
            raise Hung(self._given_up)
        if not failures.empty():
            raise failures.get()

    def give_up(self, why: str) -> None:
        """See Driver."""
        self._given_up = why
        for child in list(self._running):
            child.kill()

    def close(self) -> None:
        """See Driver."""

    def _run(self, intent: Intent, failures: SimpleQueue[ClientError | Lost]) -> None:
        intent.began()
        try:
            credentials, wrote = self._seat.credentials, self._seat.wrote
            child = Child(self._words, self._variables, credentials, stdout=subprocess.DEVNULL, wrote=wrote)
        except ClientError as error:
            failures.put(error)
            return
        self._count += 1
        asking = intent.question(self._count)
        writer = threading.Thread(target=self._ask, args=(child, asking), name="dayfly client", daemon=True)
        self._running.append(child)
        try:
            writer.start()
            if self._given_up:  # meanwhile
                child.kill(writer)
            status = child.wait_while_busy(self._patience, lambda: self._seat.handler.requests)
        finally:
            child.kill(writer)
            self._running.remove(child)
        self._end(intent, child, status, failures)

    def _ask(self, child: Child, asking: bytes) -> None:
        """In a thread: a command that does not read would keep a long message waiting for ever."""
        child.write(asking)
        child.end_input()

    def _end(self, intent: Intent, child: Child, status: int | None, failures: SimpleQueue[ClientError | Lost]) -> None:
        self.output = (self.output + child.tail)[-KEPT_OUTPUT:]
        if status is None:
            failures.put(hangs(self._patience, telling_line(child.tail)))
        elif not self._given_up:
            intent.ended(*outcome_of(status, shortened(telling_line(child.tail))))


def hangs(patience: float, words: str) -> Lost:
    """Return the error for a command that shows nothing; `words` is the line of its stderr that says why."""
    return Lost(f"the command hangs: for {patience:g} s it neither ended nor made a request; it was killed", words, waited=True)


def outcome_of(status: int, words: str) -> tuple[Outcome, str]:
    """Return what a command reports that has ended so; `words` is the line of its stderr that says why."""
    if status == 0:
        return "accepted", ""
    return "failed", ending(status) + (f": {words}" if words else "")
