"""One connection of a client's process: the requests on it are read and the answers written, one exchange at a time."""

from __future__ import annotations

import socket
from http.client import responses as phrases
from urllib.parse import unquote

import h11

from mockserver.wire import MAX_READ, Request, Response
from mockserver.wire.message import USUAL, bounded

LONGEST_HEAD = 1 << 16
"""Bytes of a request without its body."""


class Connection:
    """The platform's end of a connection, the `number`th that the client made; `port` is the client's.

    It does not wait, unless its socket does.

    `context_id` is that of the request under way; empty if there is none, or if it has come back.
    """

    def __init__(self, own: socket.socket, port: int, number: int) -> None:
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.own, self.port, self.number = own, port, number
        self.context_id = ""
        self.is_open = True
        self.is_busy = False
        """A request is under way; the next one is read once this one is answered."""
        self.read = self.written = 0
        self.outbox = bytearray()
        self._ends = False
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self._head: h11.Request | None = None
        self._body, self._size = bytearray(), 0

    # -- what comes in ---------------------------------------------------------------------------------------------------

    def receive(self) -> bool:
        """Read what has come; return False if there comes no more."""
        try:
            chunk = self.own.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not chunk:
            return False
        self.read += len(chunk)
        try:
            self._protocol.receive_data(chunk)
        except h11.RemoteProtocolError:  # something after the last request of a connection that is to be closed
            return False
        return True

    def next_request(self) -> Request | None:
        """Return the next request, if it is whole and none is under way; refuse what is not HTTP and close the connection."""
        if self.is_busy or self._ends:
            return None
        try:
            return self._next_request()
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint)
            return None

    def _next_request(self) -> Request | None:
        if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()
        while True:
            if self._protocol.they_are_waiting_for_100_continue:
                self._send(self._protocol.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")))
            match self._protocol.next_event():
                case h11.Request() as head:
                    self._head, self._body, self._size = head, bytearray(), 0
                case h11.Data(data):
                    self._body += data[: MAX_READ - len(self._body)]
                    self._size += len(data)
                case h11.EndOfMessage():
                    self.is_busy = True
                    return self._request()
                case _:
                    return None

    def _request(self) -> Request:
        head = self._head
        assert head is not None
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        values = dict(reversed(headers))  # of several the first counts
        path, _, query = head.target.decode("latin-1").partition("?")
        return Request(
            method=head.method.decode("latin-1"),
            path=unquote(path),
            query=query,
            authorization=values.get("authorization"),
            content_type=values.get("content-type"),
            body=bytes(self._body),
            size=self._size,
            agent=values.get("user-agent"),
            host=values.get("host"),
            others=bounded([(name, value) for name, value in headers if name not in USUAL]),
        )

    # -- what goes out ---------------------------------------------------------------------------------------------------

    def answer(self, answer: Response) -> bytes:
        """Send an answer as it is to be delivered; return the second piece of its body, if that comes by itself.

        An answer that is lost or cut ends the connection, as does one to a client that wanted it so.
        """
        if answer.delivery == "complete":
            second = answer.pieces[1] if answer.split else b""
            self._send(self._head_of(answer) + self._data(answer.body[: len(answer.body) - len(second)]))
            if not second:
                self._finish()
            return second
        if answer.delivery == "truncated":
            self._send(self._head_of(answer) + self._data(answer.half))
        self.shut()
        return b""

    def answer_rest(self, second: bytes) -> None:
        """Send the second piece of the answer."""
        self._send(self._data(second))
        self._finish()

    def _finish(self) -> None:
        self.is_busy = False
        self._send(self._protocol.send(h11.EndOfMessage()) or b"")
        if self._protocol.our_state is not h11.DONE:
            self.shut()

    def _head_of(self, answer: Response) -> bytes:
        reason = phrases.get(answer.status, "Unknown").encode()
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        return self._protocol.send(h11.Response(status_code=answer.status, headers=headers, reason=reason)) or b""

    def _data(self, body: bytes) -> bytes:
        assert self._head is not None
        if not body or self._head.method == b"HEAD":
            return b""
        return self._protocol.send(h11.Data(data=body)) or b""

    def _refuse(self, status: int) -> None:
        refusal = Response(status, [("content-length", "0"), ("connection", "close")], b"")
        self.is_busy = True
        self._send(self._head_of(refusal))
        self.shut()

    def shut(self) -> None:
        """End the connection once all is sent."""
        self._ends = True

    def _send(self, data: bytes | None) -> None:
        self.outbox += data or b""
        self.flush()

    def flush(self) -> None:
        """Write as much as the client takes at once; what is left waits in `outbox`."""
        while self.outbox:
            try:
                sent = self.own.send(self.outbox)
            except BlockingIOError:
                return
            except OSError:
                self.outbox.clear()
                self._ends = True
                return
            self.written += sent
            del self.outbox[:sent]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do but to close the connection."""
        return self._ends and not self.outbox

    def close(self) -> None:
        """Close the connection; the client reads to the end of what was sent."""
        self.is_open = False
        self.own.close()
