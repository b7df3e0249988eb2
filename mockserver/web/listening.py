"""Opening the port that a server listens on, so that it is known and not shared before the server starts."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path

from mockserver.errors import SettingsError

BACKLOG = 1024
"""Connections that may wait to be accepted."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` (a name or an address) and `port` (0: one chosen by the system).

    The port is never shared with another server. Accepted connections inherit TCP_NODELAY, because an answer in two segments
    would otherwise wait 40 ms for the client's delayed acknowledgement. Raises SettingsError if the port cannot be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listening = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except (socket.gaierror, ValueError) as error:  # ValueError is for a name that is too long or has a NUL
        raise SettingsError("host", host, f"cannot be resolved: {error}") from error
    except OSError as error:
        raise _unusable(host, port, error) from error


def listen_at(path: Path) -> socket.socket:
    """Return a Unix socket that listens at `path`, for this user alone. It replaces the file of a server that has gone.

    Raises SettingsError if it cannot be opened.
    """
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise SettingsError("bind", f"unix:{path}", f"cannot be listened on: {error.strerror or error}") from error
    finally:
        os.umask(umask)
    return listening


def _remove_stale(path: Path) -> None:
    """Remove the file of a socket without a listener. Raises SettingsError if it is something else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SettingsError("bind", f"unix:{path}", "exists and is not a socket; use another path")
    except OSError:
        return  # there is none, or `bind` reports the problem
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError:
            return
    raise SettingsError("bind", f"unix:{path}", "is in use by another server; stop that one, or use another path")


def url(listening: socket.socket, scheme: str = "http") -> str:
    """Return the URL by which a client on this machine reaches the socket, such as ``http://127.0.0.1:8403``.

    For a Unix socket it is ``unix:PATH``, because HTTP has no URL for one.
    """
    if listening.family == socket.AF_UNIX:
        return f"unix:{listening.getsockname()}"
    address, port = listening.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    return f"{scheme}://[{reachable}]:{port}" if ":" in reachable else f"{scheme}://{reachable}:{port}"


def _unusable(host: str, port: int, error: OSError) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError("port", port, "is in use by another server; stop that one, or use 0 for any free port")
    if error.errno == errno.EACCES:
        return SettingsError("port", port, "may not be opened by this user; use one above 1023")
    if error.errno == errno.EADDRNOTAVAIL:
        return SettingsError("host", host, "is not an address of this machine; use 127.0.0.1, or 0.0.0.0 for all addresses")
    return SettingsError("host", host, f"cannot be listened on, port {port}: {error.strerror}")
