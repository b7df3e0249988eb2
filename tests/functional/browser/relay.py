"""A relay between a browser and a server, whose connections can be cut."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from select import select
from types import TracebackType
from typing import Self


class Relay:
    """Listens at `url` and passes all on to the server at `target`, while the context lasts. `cut` breaks what is open and
    takes no more, until `mend`."""

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target, self._broken = (host, int(port)), False
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = ThreadPoolExecutor(32)

    def __enter__(self) -> Self:
        self._threads.submit(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads.shutdown()
        self._listener.close()

    def cut(self) -> None:
        """Closes every connection, and each that comes."""
        self._broken = True
        for client in set(self._open):
            with suppress(OSError):  # closed already
                client.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Lets connections through again."""
        self._broken = False

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                self._threads.submit(self._relay, client)

    def _relay(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self._open.add(client)
            if not self._broken:
                with socket.create_connection(self._target) as server:
                    _shuttle(client, server)
            self._open.discard(client)


def _shuttle(client: socket.socket, server: socket.socket) -> None:
    """Passes on what comes from either side until one of them ends."""
    other = {client: server, server: client}
    while True:
        for source in select([client, server], [], [])[0]:
            some = source.recv(1 << 16)
            if not some:
                return
            other[source].sendall(some)
