"""A process whose shim is checked, and its end of the protocol."""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing
from types import TracebackType
from typing import Any, Self

from contracts.clients.base import unheard
from contracts.clients.child import Child, ending, environment, telling_line
from contracts.clients.clock import START
from contracts.clients.virtual.members import EntrySocket, Member
from contracts.clients.virtual.protocol import MICROSECOND, BadMessage, Hello, Idle, Welcome
from contracts.clients.virtual.starting import NOBODY, shimmed

PATIENCE = 10.0
"""Seconds of real time in which a process has to do what it is asked."""

TRIES = 20
"""How often is tried what may go right by chance."""

NOON = START // MICROSECOND
"""When each check begins."""

HOUR = 3_600_000_000
"""Microseconds."""

NOBODY_CAME = "no process connected to the socket in DAYFLY_TIME"

_monotonic = time.monotonic


class Violated(Exception):
    """A shim does not do what it must; the text says what was seen."""


class NoHello(Violated):
    """The program does not come in at all."""


class Process:
    """A process that has come in."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.inbox: deque[Hello | Idle] = deque()
        self.has_left = False
        self.idle = Idle(at=0)


class ShimSubject:
    """The program that `words` start, with a door for its processes and a platform that answers each request with 200."""

    def __init__(
        self, words: Sequence[str], *, twice: bool = False, tries: int = TRIES, patience: float = PATIENCE, starting: float = 0
    ) -> None:
        """`twice`: its shim is named twice in its environment. `starting`: it may take longer to say hello.

        Raises ClientError, OSError.
        """
        self.now, self.processes = NOON, list[Process]()
        self.tries, self.patience, self._starting = tries, patience, max(patience, starting)
        with ExitStack() as stack:
            self._door = stack.enter_context(closing(EntrySocket()))
            self.platform = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            self.platform.setblocking(False)
            self._selector = stack.enter_context(selectors.DefaultSelector())
            self._selector.register(self._door.listening, selectors.EVENT_READ)
            self._child = self._started(words, twice)
            stack.callback(self._child.kill)
            self._stack = stack.pop_all()
        os.set_blocking(self._child.stdout, False)
        self._said = b""

    def _started(self, words: Sequence[str], twice: bool) -> Child:
        url = f"http://127.0.0.1:{self.platform.getsockname()[1]}"
        variables = shimmed(environment(url, NOBODY), self._door.path)
        variables = shimmed(variables, self._door.path) if twice else variables
        return Child(words, variables, NOBODY, stdout=subprocess.PIPE, wrote=unheard, listened=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self.processes:
            process.member.close()
        self._stack.close()

    # -- what it says ----------------------------------------------------------------------------------------------------

    def arrived(self, number: int) -> Process:
        """Return the process that came in as the `number`th, with its hello. Raises Violated, or NoHello if there is none."""
        try:
            self._wait_until(lambda: len(self.processes) > number, NOBODY_CAME, self._starting)
        except Violated as error:
            raise error if self.processes else NoHello(str(error)) from error
        process = self.processes[number]
        self._wait_until(
            lambda: bool(process.inbox) or process.has_left, "a process connected, and said nothing", self._starting
        )
        if not process.inbox:
            raise Violated("a process connected and closed the socket without a word")
        return process

    def begun(self, number: int = 0) -> Process:
        """Return a process that is idle for the first time. Raises Violated."""
        process = self.arrived(number)
        hello = process.inbox.popleft()
        assert isinstance(hello, Hello)  # else the member had refused it
        process.member.welcome(Welcome(self.now, [self.platform.getsockname()[1]], 1, {}))
        self.waits(process)
        return process

    def turn(self, process: Process, rest: int | None = None) -> list[Any]:
        """Let a process go on, and return what it has said once it is idle again. Raises Violated."""
        process.member.go(self.now, rest)
        self.waits(process)
        return self.said()

    def waits(self, process: Process) -> None:
        """Wait until a process says that it is idle. Raises Violated."""
        self._wait_until(
            lambda: bool(process.inbox) or process.has_left, f"it did not say that it is idle for {self.patience:g} s"
        )
        if not process.inbox:
            raise Violated(f"it closed the socket instead of saying that it is idle{self._last_words()}")
        message = process.inbox.popleft()
        assert isinstance(message, Idle)
        process.idle = message

    def said(self) -> list[Any]:
        """Return the answers on standard output since the last call. Raises Violated if there is something else."""
        try:
            while chunk := os.read(self._child.stdout, 1 << 16):
                self._said += chunk
        except BlockingIOError:
            pass
        *lines, self._said = self._said.split(b"\n")
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            raise Violated(f"it wrote {lines[0][:80]!r} to standard output, and not an answer to an exercise") from error

    # -- what is done to it ----------------------------------------------------------------------------------------------

    def set(self, **exercise: Any) -> None:
        """Write an exercise to its standard input, at which it looks in its next turn."""
        self._child.write(json.dumps(exercise).encode() + b"\n")

    def let_end(self, process: Process) -> None:
        """Let a process that waits rest for a moment, in which it may end."""
        if process.inbox:
            process.inbox.popleft()
            process.member.go(self.now, rest=20)

    def ended(self) -> int:
        """End its input; return its exit status. Raises Violated if it goes on."""
        self._child.end_input()
        ends = _monotonic() + self.patience
        while (status := self._child.wait(0)) is None:
            if _monotonic() > ends:
                raise Violated(f"it went on for {self.patience:g} s")
            self._look(0.01)
            for process in self.processes:
                self.let_end(process)
        return status

    def close(self, process: Process) -> None:
        """Close the socket of a process; it has to end. Raises Violated if it goes on."""
        self._selector.unregister(process.member.channel)
        process.member.close()
        if self._child.wait(self.patience) is None:
            raise Violated(f"it went on for {self.patience:g} s")

    def look(self, seconds: float) -> None:
        """Let so many seconds of real time pass. Raises Violated if a process says what the protocol does not have."""
        ends = _monotonic() + seconds
        while (left := ends - _monotonic()) > 0:
            self._look(left)

    def _wait_until(self, is_so: Any, otherwise: str, seconds: float = 0) -> None:
        ends = _monotonic() + (seconds or self.patience)
        while not is_so():
            if self._child.wait(0) is not None and not self._look(0):
                raise Violated(f"{otherwise}: it ended with {ending(self._child.wait(0) or 0)}{self._last_words()}")
            if _monotonic() > ends:
                raise Violated(otherwise)
            self._look(0.02)

    def _last_words(self) -> str:
        self._child.hear()
        words = telling_line(self._child.tail)
        return f"; it wrote: {words}" if words else ""

    def _look(self, seconds: float) -> bool:
        ready = self._selector.select(seconds)
        for key, _ in ready:
            if key.fileobj is not self._door.listening:
                self._hear(key.data)
            elif (member := self._door.admit()) is not None:
                self.processes.append(Process(member))
                self._selector.register(member.channel, selectors.EVENT_READ, self.processes[-1])
        return bool(ready)

    def _hear(self, process: Process) -> None:
        try:
            messages = process.member.hear()
        except BadMessage as error:
            raise Violated(str(error)) from error
        process.inbox.extend(messages or [])
        if messages is None:
            process.has_left = True
            self._selector.unregister(process.member.channel)
