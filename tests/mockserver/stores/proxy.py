"""A relay between a client and a server's socket, which loses or doubles what it is told to."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Literal

Loss = Literal["request", "reply", "twice"]


class Proxy:
    """Listens at `url` and relays whole exchanges to the Unix socket at `target`.

    Each entry of `losses` costs one exchange: its connection is closed instead of passing on the request, or the reply. `twice`
    passes on the reply two times. Once `losses` is empty, `choose` says what is lost; it is called from many threads.
    """

    def __init__(self, target: str, choose: Callable[[], Loss | None] = lambda: None) -> None:
        self._target, self._choose = target, choose
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        self.losses: deque[Loss | None] = deque()
        self.connections = 0

    def __enter__(self) -> Proxy:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        """A client sends when it has its answer, so that what is read at once is one request, or one reply."""
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._target)
            while request := client.recv(1 << 20):
                loss = self.losses.popleft() if self.losses else self._choose()
                if loss == "request":
                    return
                server.sendall(request)
                reply = server.recv(1 << 20)
                if loss == "reply":
                    return
                client.sendall(reply * 2 if loss == "twice" else reply)
