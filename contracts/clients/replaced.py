"""Detects a library that replaced this process's threads by green threads, as gevent's `monkey.patch_all()` does.

A scheduler runs a client's threads one at a time and waits for them with locks of the system. Green threads share one thread
of the system, so the scheduler would wait for ever. Green sockets are refused if they lack a method that the scheduler
replaces.
"""

from __future__ import annotations

import socket
import sys
import threading
from types import BuiltinFunctionType

from contracts.clients.errors import ThreadsReplaced

_LIBRARIES = ("gevent", "eventlet")

NEEDED = ("connect", "connect_ex", "recv", "recv_into", "send", "sendmsg", "sendall", "shutdown", "_real_close")
"""The methods of a socket for which the scheduler has stand-ins."""


def refuse_green_threads() -> None:
    """Raise ThreadsReplaced if this process does not have real threads any more."""
    if not isinstance(threading.get_ident, BuiltinFunctionType):
        raise ThreadsReplaced("threads", _library())


def refuse_green_sockets() -> None:
    """Raise ThreadsReplaced if the scheduler's stand-ins do not fit the sockets of this process."""
    if not all(hasattr(socket.socket, name) for name in NEEDED):
        raise ThreadsReplaced("sockets", _library())


def _library() -> str:
    """Return the library that most likely replaced them."""
    return next((name for name in _LIBRARIES if name in sys.modules), "a library")
