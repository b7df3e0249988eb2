"""The connection of a process to the simulation of its time."""

from __future__ import annotations

import json
import os
import socket
from typing import Any, NoReturn

VERSION = 1
"""Of the protocol; contracts/README.md describes it."""

HARNESS_GONE = 70
"""The exit status of a process whose simulation has ended."""

_connect, _send, _receive = socket.socket.connect, socket.socket.sendall, socket.socket.recv
_exit = os._exit


class Channel:
    """Asks what time it is, and blocks until it is answered."""

    def __init__(self, path: str) -> None:
        """Raises OSError if no simulation is there."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._unread = b""
        try:
            _connect(self._socket, path)
        except OSError:
            self._socket.close()
            raise

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a message. The process ends if there comes none."""
        try:
            _send(self._socket, json.dumps(message).encode() + b"\n")
            while b"\n" not in self._unread:
                chunk = _receive(self._socket, 1 << 16)
                if not chunk:
                    _leave()
                self._unread += chunk
        except OSError:
            _leave()
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Close it, in a copy of the process."""
        self._socket.close()


def _leave() -> NoReturn:
    _exit(HARNESS_GONE)
