"""Serves one connection: the exchanges on it, each delayed, cut short or unanswered if a fault says so."""

from __future__ import annotations

import socket
from http.client import responses as phrases
from http.server import BaseHTTPRequestHandler
from io import RawIOBase
from typing import IO, Any, NamedTuple, cast
from urllib.parse import unquote

from contracts.clients.clock import LAST
from contracts.clients.connections import ClientEnd, Endpoint
from contracts.clients.scheduler import Scheduler
from contracts.clients.watched import Watched
from mockserver.wire import MAX_READ, Request, Response
from mockserver.wire.message import USUAL, bounded

PIECE = 1 << 16


class ServedConnection(NamedTuple):
    """A connection that is served. `client` is None if the client does not use Python's own sockets."""

    scheduler: Scheduler
    handler: Watched
    own: Endpoint
    client: ClientEnd | None


class ServedExchanges(BaseHTTPRequestHandler):
    """Reads requests and answers them, one after another, as long as the client wants. A scheduled thread must make it."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, address: Any, line: ServedConnection) -> None:
        """Serve the connection to its end. Raises ConnectionError if the client is gone."""
        self._line = line
        super().__init__(connection, address, cast("Any", None))

    def handle_one_request(self) -> None:
        """Override the base class, which looks for a method named after the HTTP method."""
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(1 << 16)
        if self.raw_requestline.strip() and self.parse_request():
            self._exchange(self._request())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - as above
        """Refuse bytes that are not a request, without the base class's error page."""
        self.close_connection = True
        self.wfile.write(self._head(Response(code, [("content-length", "0")], b"")))

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the journal has more."""

    def _exchange(self, request: Request) -> None:
        line = self._line
        call = line.handler.arrive(request)
        if line.client is not None:
            line.client.has_arrived(call.context_id)
        if call.delay:
            line.scheduler.sleep(call.delay + LAST)
        answer = line.handler.finish(call)
        if answer.delay:
            line.scheduler.sleep(answer.delay + LAST)
        self._deliver(answer)

    def _deliver(self, answer: Response) -> None:
        client = self._line.client
        if answer.delivery == "complete":
            message = self._head(answer) + answer.body
            if client is not None:
                client.is_answered(len(message))
        else:
            self.close_connection = True
            message = self._head(answer) + answer.half if answer.delivery == "truncated" else b""
        if message:
            second = len(answer.pieces[1]) if answer.split and answer.delivery == "complete" else 0
            self.wfile.write(message[: len(message) - second])
            if second:
                self.wfile.write(message[len(message) - second :])
            self._line.own.has_sent()

    def _head(self, answer: Response) -> bytes:
        lines = [f"HTTP/1.1 {answer.status} {phrases.get(answer.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if self.close_connection:
            lines.append("connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _request(self) -> Request:
        target = self.requestline.split()[1]  # `path` loses one of two leading slashes
        path, _, query = target.partition("?")
        size, body = self._body()
        return Request(
            method=self.command,
            path=unquote(path),
            query=query,
            authorization=self.headers.get("Authorization"),
            content_type=self.headers.get("Content-Type"),
            body=body[:MAX_READ],
            size=size,
            agent=self.headers.get("User-Agent"),
            host=self.headers.get("Host"),
            others=bounded([(name.lower(), value) for name, value in self.headers.items() if name.lower() not in USUAL]),
        )

    def _body(self) -> tuple[int, bytes]:
        """Return the length of the body, and at most MAX_READ bytes of it. The rest is not read as a request."""
        size, body = 0, b""
        length = self.headers.get("Content-Length", "")
        if length.isdecimal():
            size = int(length)
            body = self.rfile.read(min(size, MAX_READ))
        elif "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            from werkzeug.serving import DechunkedInput

            body = _all(DechunkedInput(cast("IO[bytes]", self.rfile)))
            size = len(body)
        self.close_connection = self.close_connection or size > MAX_READ
        return size, body


def _all(stream: RawIOBase) -> bytes:
    """Return the content of a stream, read in pieces, because one large read would allocate all it asks for."""
    body = b""
    while len(body) <= MAX_READ and (piece := stream.read(PIECE)):
        body += piece
    return body
