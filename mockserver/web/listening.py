"""Opening the port a server listens on, so that it is known, and surely nobody else's, before the server starts."""

from __future__ import annotations

import errno
import socket

from mockserver.errors import SettingsError

BACKLOG = 1024
"""Connections that wait to be accepted."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` (a name or an address) and `port` (0: one the system picks).

    The port is never shared with another server. Accepted connections inherit TCP_NODELAY: an
    answer that leaves in two segments would otherwise wait 40 ms for the client's delayed
    acknowledgement. Raises SettingsError if the port cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listening = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except (socket.gaierror, ValueError) as error:  # the second for what is no name at all: too long, or with a NUL
        raise SettingsError("host", host, f"cannot be resolved: {error}") from error
    except OSError as error:
        raise _unusable(host, port, error) from error


def url(listening: socket.socket) -> str:
    """Where a client on this machine reaches the socket: ``http://127.0.0.1:8403``, ``http://[::1]:8403``."""
    address, port = listening.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _unusable(host: str, port: int, error: OSError) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError("port", port, "is in use by another server; stop that one, or give 0 for any free port")
    if error.errno == errno.EACCES:
        return SettingsError("port", port, "may not be opened by this user; give one above 1023")
    if error.errno == errno.EADDRNOTAVAIL:
        return SettingsError("host", host, "is no address of this machine")
    return SettingsError("host", host, f"cannot be listened on, port {port}: {error.strerror}")
