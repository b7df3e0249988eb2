"""The journal as a file. It has complete lines only, and a full disk does not make the mock refuse requests."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType

from mockserver.errors import SettingsError
from mockserver.journal import Header, PendingEntry, encode

LONGEST_TAIL = 8 << 20
"""Bytes at the end of an existing file in which its last complete line is searched."""

_log = logging.getLogger("dayfly")


class JournalFile:
    """A JSON Lines file that gets every entry this process journals, with its own numbers.

    If it cannot be written, that is logged once. Entries are left out until it can be written again.
    """

    def __init__(self, path: Path, policy: dict[str, Any], platform: str | UnsetType = UNSET) -> None:
        """Open `path` for appending; `policy` and `platform` are for the header of a new file.

        An incomplete line that a killed process left is removed. Raises SettingsError.
        """
        self._path, self._lock, self._seq = path, threading.Lock(), 0
        self._missing, self._begins_line = 0, True
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            if _size_of_lines(self._file) == 0:
                self._write(encode(Header(policy=policy, platform=platform)) + b"\n")
        except OSError as error:
            raise SettingsError("journal", str(path), f"cannot be written: {error.strerror}") from error

    def append(self, noted: PendingEntry, at: int) -> None:
        """Write one entry with the timestamp `at` (milliseconds), or leave it out if the file cannot be written."""
        with self._lock:
            line = encode(noted.entry(self._seq + 1, at)) + b"\n"
            try:
                self._write(line)
            except OSError as error:
                self._miss(error)
            else:
                self._seq += 1
                if self._missing:
                    _log.warning("%s can be written again; %d entries are missing from it", self._path, self._missing)
                    self._missing = 0

    def _write(self, line: bytes) -> None:
        """Write a whole line or nothing."""
        given = line if self._begins_line else b"\n" + line
        left = given
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            if len(left) < len(given):
                self._begins_line = self._take_back(len(given) - len(left))
            raise
        self._begins_line = True

    def _take_back(self, written: int) -> bool:
        """Remove the beginning of a line that could not be finished. Return False if it has to stay."""
        try:
            size = os.fstat(self._file).st_size
            tail = os.pread(self._file, written, size - written)
            if b"\n" not in tail[1:] and len(tail) == written:  # another process may have written since
                os.ftruncate(self._file, size - written)
                return True
        except OSError:
            pass
        return False

    def _miss(self, error: OSError) -> None:
        if not self._missing:
            told = "%s cannot be written (%s): requests are answered, but not recorded in it; free disk space"
            _log.error(told, self._path, error.strerror)
        self._missing += 1

    def close(self) -> None:
        os.close(self._file)


def _size_of_lines(file: int) -> int:
    """Return the size of a file after removing an incomplete line at its end."""
    size = os.fstat(file).st_size
    tail = os.pread(file, min(size, LONGEST_TAIL), max(size - LONGEST_TAIL, 0))
    if tail and not tail.endswith(b"\n"):
        size -= len(tail) - tail.rfind(b"\n") - 1
        os.ftruncate(file, size)
    return size
