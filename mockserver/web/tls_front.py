"""TLS in front of a plain server of this process, because waitress speaks only HTTP.

A connection that the server breaks off is broken off here as well, without another byte.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress

from mockserver.web.tls import Identity

PIECE = 1 << 16

GOODBYE = 1.0
"""Seconds that a client has to answer the end of TLS before its connection is closed."""


class TlsFront:
    """Serves `listening` with the certificate of `identity`, and forwards to the server at `target`."""

    def __init__(self, listening: socket.socket, identity: Identity, target: tuple[str, int]) -> None:
        self._listening, self._context, self._target = listening, identity.context(), target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dayfly-tls", daemon=True)
        self._connections: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def close(self) -> None:
        """Close every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, sock=self._listening, ssl=self._context, ssl_shutdown_timeout=GOODBYE
        )

    async def _stop(self) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for transport in list(self._loop._transports.values()):  # type: ignore[attr-defined]
            transport.abort()  # a connection in its handshake does not have a task yet
        for _ in range(3):  # one turn each for TLS, for its socket, and for the task that awaits it
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            await _closed(writer)
            self._connections.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(*self._target)
        ways = [asyncio.ensure_future(_pass(reader, inner_writer)), asyncio.ensure_future(_pass(inner_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            inner_writer.close()  # before any await, because this task may be cancelled there
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await _closed(inner_writer)


async def _pass(source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
    """Forward what comes from `source` until it ends."""
    with suppress(OSError):
        while piece := await source.read(PIECE):
            drain.write(piece)
            await drain.drain()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()
