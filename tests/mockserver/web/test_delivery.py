from __future__ import annotations

import socket
from typing import Any

import pytest

from mockserver.web.delivery import PAUSE, deliver
from mockserver.wire.message import Response
from tests.mockserver.web.answers import BODY, HEADERS


class Call:
    """A WSGI call without a server."""

    def __init__(self, **environ: Any) -> None:
        self.environ = environ
        self.status, self.headers = "", list[tuple[str, str]]()

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.status, self.headers = status, headers


def test_an_answer_goes_out_as_it_is() -> None:
    call = Call()
    assert list(deliver(Response(200, HEADERS, BODY), call.environ, call.start_response)) == [BODY]
    assert (call.status, call.headers) == ("200 OK", HEADERS)


@pytest.mark.parametrize(("status", "line"), [(503, "503 Service Unavailable"), (599, "599 Unknown")])
def test_every_status_has_a_line(status: int, line: str) -> None:
    call = Call()
    deliver(Response(status, [], b""), call.environ, call.start_response)
    assert call.status == line


def test_a_delay_is_waited_the_way_the_server_offers() -> None:
    waited: list[float] = []
    call = Call(**{PAUSE: waited.append})
    deliver(Response(200, HEADERS, BODY, delay=2.5), call.environ, call.start_response)
    assert waited == [2.5]


def test_without_a_server_a_lost_answer_is_an_error_of_the_connection() -> None:
    call = Call()
    chunks = iter(deliver(Response(200, HEADERS, BODY, delivery="lost_response"), call.environ, call.start_response))
    with pytest.raises(ConnectionAbortedError):
        next(chunks)


def test_without_a_server_a_truncated_answer_is_half_of_it_and_then_an_error() -> None:
    call = Call()
    chunks = iter(deliver(Response(200, HEADERS, BODY, delivery="truncated"), call.environ, call.start_response))
    assert next(chunks) == BODY[: len(BODY) // 2]
    with pytest.raises(ConnectionAbortedError):
        next(chunks)


def test_werkzeugs_server_would_keep_the_connection_so_it_is_shut() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        call = Call(**{"werkzeug.socket": ours})
        with pytest.raises(ConnectionAbortedError):
            list(deliver(Response(200, HEADERS, BODY, delivery="lost_request"), call.environ, call.start_response))
        assert theirs.recv(1) == b""
