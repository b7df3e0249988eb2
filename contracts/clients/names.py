"""The name of a platform that is called in this process, so that the network is not asked for it."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Self

HOST = "platform.invalid"
"""A name that no network resolves (RFC 6761). A client that does not use `http_client` cannot reach the platform."""

BASE_URL = f"https://{HOST}"


class UnresolvedPlatform:
    """Lets HOST fail to resolve at once while this context lasts, with an error that names it. A resolver may take seconds.

    `was_asked_for`: HOST was looked up since the last `forget`.
    """

    was_asked_for = False

    def forget(self) -> None:
        """Forget earlier look-ups."""
        self.was_asked_for = False

    def __enter__(self) -> Self:
        self._real = socket.getaddrinfo
        socket.getaddrinfo = self._resolve
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        socket.getaddrinfo = self._real

    def _resolve(self, host: Any, *details: Any, **named: Any) -> Any:
        if host in {HOST, HOST.encode()}:
            self.was_asked_for = True
            raise socket.gaierror(socket.EAI_NONAME, f"{HOST} is not a name of the network")
        return self._real(host, *details, **named)
