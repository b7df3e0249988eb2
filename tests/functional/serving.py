"""Servers in processes of their own, as `dayfly serve` starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Self

SERVE = (sys.executable, "-m", "contracts.cli", "serve")


class Serving:
    """A server that runs while the context lasts, on a port of its own. `told` is what it said when it was ready.

    `command` starts it. `stop` sends a signal to the parent alone, `kill` ends workers and all as a power cut would.
    """

    told: dict[str, str]

    def __init__(self, *options: str, command: Sequence[str] = SERVE, variables: Mapping[str, str] | None = None) -> None:
        self._command = [*command, "--port", "0", "--json", *options]
        self._environment = {**os.environ, **(variables or {})}

    def __enter__(self) -> Self:
        self.errors: IO[str] = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=self._environment,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout
        self.told = json.loads(self._output.readline() or self._failed())
        if "error" in self.told:
            self._failed()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()
        self._output.close()
        self.errors.close()

    @property
    def url(self) -> str:
        """The URL at which it listens."""
        return self.told["url"]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Sends the signal; returns the exit status and what was printed after the first line, once all of it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        rest = self._output.read()  # to the pipe's end: no worker holds it any more
        return self.process.wait(), rest

    def kill(self) -> None:
        """Ends every process of it at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.stop(signal.SIGKILL)

    def complaints(self) -> str:
        """Return what it has written to standard error so far."""
        self.errors.seek(0)
        return self.errors.read()

    def _failed(self) -> Any:
        self.process.wait()
        complaints = self.complaints()
        self.__exit__(None, None, None)
        raise AssertionError(f"the server did not start: {complaints}")
