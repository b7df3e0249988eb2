"""Starts the processes of clients in virtual time."""

from __future__ import annotations

import os
import selectors
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from contracts.clients.base import Credentials, Seat, unheard
from contracts.clients.child import Child, environment, identity, inherited
from contracts.clients.errors import ClientError
from contracts.clients.virtual.members import EntrySocket
from contracts.clients.virtual.protocol import VARIABLE
from contracts.clients.virtual.simulation import Simulation

NODE, PYTHON, RUBY, RUBY_PATH = "NODE_OPTIONS", "PYTHONPATH", "RUBYOPT", "RUBYLIB"
RUNTIMES = frozenset({"node", "nodejs", "ruby", "python", "python3", *(f"python3.{minor}" for minor in range(9, 16))})
"""Programs that read a client's variables only once they are told to begin; a shell, for one, does so earlier."""

NOBODY = Credentials("none", "none")


def shimmed(variables: dict[str, str], door: str) -> dict[str, str]:
    """Return an environment in which a runtime that has a shim finds it, and the door; other settings are kept.

    Python draws no seed for its hashes, so that sets of strings have the same order in each run.
    """
    shims = files("contracts.clients").joinpath("shims")
    options = [_quoted(f"--require={shims.joinpath('node.cjs')}"), variables.get(NODE, "")]
    runtimes = {
        NODE: _joined(" ", *options),
        PYTHON: _joined(os.pathsep, str(shims.joinpath("path")), variables.get(PYTHON, "")),
        RUBY: _joined(" ", "-rdayfly_time", variables.get(RUBY, "")),
        RUBY_PATH: _joined(os.pathsep, str(shims.joinpath("ruby")), variables.get(RUBY_PATH, "")),
    }
    return {"PYTHONHASHSEED": "0", **variables, **runtimes, VARIABLE: door}


def _joined(separator: str, *parts: str) -> str:
    return separator.join(filter(None, parts))


def _quoted(option: str) -> str:
    """Return an option as NODE_OPTIONS wants it, even if there is a space in it."""
    if " " not in option and '"' not in option and "\\" not in option:
        return option
    return '"{}"'.format(option.replace("\\", "\\\\").replace('"', '\\"'))


class Starter:
    """Starts one process after another, each with a door of its own.

    The next one is started ahead of its turn if that makes no difference: it waits for the answer to its
    hello, which brings its credentials.
    """

    def __init__(self, words: Sequence[str], *, stdout: int) -> None:
        self._words, self._stdout = words, stdout
        self._is_runtime = Path(words[0]).name in RUNTIMES
        self._has_started = False
        self._ahead: tuple[Child, EntrySocket] | None = None

    def start(self, simulation: Simulation, seat: Seat) -> tuple[Child, EntrySocket]:
        """Return a new process in a simulation, and its door. Raises ClientError."""
        simulation.seat(seat, identity(simulation.url, seat.credentials))
        child, door = self._waiting() or self._started(environment(simulation.url, seat.credentials))
        child.belongs_to(seat)
        simulation.company.open(door)
        if self._is_runtime and self._has_started:  # who was asked twice may well be asked again
            with suppress(ClientError):
                self._ahead = self._started(inherited())
        self._has_started = True
        return child, door

    def close(self) -> None:
        """End the process that nobody asked for."""
        if self._ahead is not None:
            child, door = self._ahead
            self._ahead = None
            child.kill()
            door.close()

    def _waiting(self) -> tuple[Child, EntrySocket] | None:
        if self._ahead is not None and self._ahead[0].wait(0) is not None:
            self.close()
        ahead, self._ahead = self._ahead, None
        return ahead

    def _started(self, variables: dict[str, str]) -> tuple[Child, EntrySocket]:
        try:
            door = EntrySocket()
        except OSError as error:
            raise ClientError(f"no socket can be made for the client ({error}); see --real-time") from error
        try:
            variables = shimmed(variables, door.path)
            child = Child(self._words, variables, NOBODY, stdout=self._stdout, wrote=unheard, listened=False)
        except ClientError:
            door.close()
            raise
        return child, door


class Input:
    """The standard input of a process, which takes what is written as it likes."""

    def __init__(self, child: Child, simulation: Simulation) -> None:
        self._child, self._simulation = child, simulation
        self._unsent, self._ends, self._has_ended = b"", False, False
        os.set_blocking(child.stdin, False)

    def write(self, data: bytes) -> None:
        """Write as much as the process takes at once; the rest follows when it has read."""
        self._unsent += data
        self._flush()

    def end(self) -> None:
        """End it once all is written."""
        self._ends = True
        self._flush()

    def close(self) -> None:
        """Write no more."""
        if not self._has_ended:
            self._simulation.unwatch(self._child.stdin)

    def _flush(self) -> None:
        try:
            sent = os.write(self._child.stdin, self._unsent) if self._unsent else 0
        except BlockingIOError:
            sent = 0
        except OSError:  # it reads no more
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        self._simulation.has_input()
        self._simulation.unwatch(self._child.stdin)
        if self._unsent:
            self._simulation.watch(self._child.stdin, self._flush, selectors.EVENT_WRITE)
        elif self._ends:
            self._has_ended = True
            self._child.end_input()
