"""A wall clock that a client's process shares with the mock, by libfaketime: the system's time plus an offset.

The monotonic clock is left alone, so that a wait in an event loop takes as long as before. Static binaries, and runtimes that
ask the kernel without the C library, are not affected.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.clients.errors import ClientError

PLACES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib")
PATTERNS = ("faketime/libfaketime.so.1", "*/faketime/libfaketime.so.1")

PATIENCE = 10.0
TRIAL = 7200
"""Seconds by which the clock is moved to see whether it moves."""

_now = time.time


class FakeTime:
    """The offset, in a file. Processes with `variables` in their environment read it whenever they ask for the time."""

    def __init__(self, words: Sequence[str]) -> None:
        """Prepare the clock for the command `words`. Raises ClientError if the clock cannot be shared with it."""
        library = find_library()
        self._folder = tempfile.TemporaryDirectory(prefix="dayfly-", ignore_cleanup_errors=True)
        self._file = Path(self._folder.name) / "offset"
        self.variables: Mapping[str, str] = {
            "LD_PRELOAD": " ".join(filter(None, [str(library), os.environ.get("LD_PRELOAD", "")])),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self._seconds = 0.0
        try:
            self._try_out(words)
        except ClientError:
            self.close()
            raise

    def reset(self) -> None:
        """Go back to the system's time."""
        self._move_to(0.0)

    def skip(self, seconds: float) -> None:
        """Move the clock on."""
        self._move_to(self._seconds + seconds)

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()

    def _move_to(self, seconds: float) -> None:
        self._seconds = seconds
        draft = self._file.with_suffix(".new")
        draft.write_text(f"+{seconds:.3f}\n", "ascii")
        draft.replace(self._file)  # atomic: a reader never sees half of it

    def _try_out(self, words: Sequence[str]) -> None:
        self._move_to(TRIAL)
        told = self._output("date", "+%s")
        if not told.strip().isdecimal() or abs(int(told) - _now() - TRIAL) > PATIENCE:
            raise ClientError("libfaketime is installed, but has no effect here; leave --faketime out")
        if Path(words[0]).name.startswith("python") and self._output(words[0], "-c", _SLEEP).strip() != "slept":
            raise ClientError(f"under libfaketime, {words[0]} cannot sleep; leave --faketime out")
        self.reset()

    def _output(self, *words: str) -> str:
        """Return the output of a command under this clock."""
        try:
            ran = subprocess.run(
                words, check=False, env={**os.environ, **self.variables}, capture_output=True, text=True, timeout=PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return ran.stdout


_SLEEP = "import time; time.sleep(0.001); print('slept')"
"""Python 3.11 and later sleep by a call that libfaketime 0.9.10 refuses."""


def find_library() -> Path:
    """Return the path of libfaketime. Raises ClientError."""
    for place in PLACES:
        for pattern in PATTERNS:
            for found in sorted(Path(place).glob(pattern)):
                return found
    raise ClientError("libfaketime is not installed; the Debian package of that name brings it")
