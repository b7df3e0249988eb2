"""One connection of a client's process, as bytes."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from contracts.clients.virtual.connection import Connection
from mockserver.wire import Request, Response

BODY = b'{"id": "1"}'
OK = Response(200, [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))], BODY)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Connection]]:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as client:
        own, address = listening.accept()
        client.settimeout(10)
        with own:
            yield client, Connection(own, address[1], 1)


def asked(ends: tuple[socket.socket, Connection], data: bytes) -> Request | None:
    """The request that the platform's end has read, once the client has sent this."""
    client, connection = ends
    client.sendall(data)
    own = connection.own
    own.setblocking(True)
    own.recv(1, socket.MSG_PEEK)
    own.setblocking(False)
    assert connection.receive()
    return connection.next_request()


def answered(ends: tuple[socket.socket, Connection]) -> bytes:
    """All that the client reads, up to the end of the connection."""
    client, connection = ends
    connection.close()
    data = b""
    while chunk := client.recv(1 << 16):
        data += chunk
    return data


HEAD = b"POST /a%20b?c=d HTTP/1.1\r\nHost: platform\r\nAuthorization: Bearer t\r\nX-Key: k\r\n"


def test_a_request_is_read_as_every_door_reads_it(ends: tuple[socket.socket, Connection]) -> None:
    request = asked(ends, HEAD + b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
    assert request == Request(
        method="POST",
        path="/a b",
        query="c=d",
        authorization="Bearer t",
        content_type="text/plain",
        body=b"hello",
        size=5,
        host="platform",
        others=(("x-key", "k"),),
    )


def test_a_request_may_come_in_pieces(ends: tuple[socket.socket, Connection]) -> None:
    assert asked(ends, HEAD + b"Content-Length: 5\r\n\r\nhel") is None
    request = asked(ends, b"lo")
    assert request is not None
    assert request.body == b"hello"


def test_a_body_may_come_in_chunks(ends: tuple[socket.socket, Connection]) -> None:
    request = asked(ends, HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
    assert request is not None
    assert (request.body, request.size) == (b"hello", 5)


def test_a_client_that_waits_until_it_may_go_on_is_told_so(ends: tuple[socket.socket, Connection]) -> None:
    assert asked(ends, HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n") is None
    assert ends[0].recv(1 << 16).startswith(b"HTTP/1.1 100 Continue\r\n")


def test_the_next_request_waits_for_the_answer_to_the_first(ends: tuple[socket.socket, Connection]) -> None:
    first = asked(ends, b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
    connection = ends[1]
    assert first is not None
    assert first.path == "/1"
    assert connection.next_request() is None
    connection.answer(OK)
    second = connection.next_request()
    assert second is not None
    assert second.path == "/2"
    assert not connection.is_over


def test_the_answer_to_a_head_has_its_headers_alone(ends: tuple[socket.socket, Connection]) -> None:
    asked(ends, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    ends[1].answer(OK)
    assert not ends[1].is_busy
    assert answered(ends).endswith(b"Content-Length: 11\r\n\r\n")


@pytest.mark.parametrize("wish", [b"HTTP/1.1\r\nHost: a\r\nConnection: close", b"HTTP/1.0"])
def test_a_client_that_wants_one_answer_gets_one(ends: tuple[socket.socket, Connection], wish: bytes) -> None:
    asked(ends, b"GET / " + wish + b"\r\n\r\n")
    ends[1].answer(OK)
    assert ends[1].is_over
    assert answered(ends).endswith(b"\r\n\r\n" + BODY)


def test_what_is_not_http_is_refused(ends: tuple[socket.socket, Connection]) -> None:
    assert asked(ends, b"hello\r\n\r\n") is None
    assert ends[1].is_over
    assert answered(ends).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_an_answer_may_be_lost_or_cut_or_come_in_two_pieces(ends: tuple[socket.socket, Connection]) -> None:
    asked(ends, HEAD + b"Content-Length: 0\r\n\r\n")
    client, connection = ends
    second = connection.answer(Response(200, OK.headers, BODY, split=True))
    assert client.recv(1 << 16).endswith(b"\r\n\r\n" + BODY[: len(BODY) // 2])
    assert connection.is_busy
    connection.answer_rest(second)
    assert client.recv(1 << 16) == second
    asked(ends, HEAD + b"Content-Length: 0\r\n\r\n")
    connection.answer(Response(200, OK.headers, BODY, delivery="truncated"))
    assert connection.is_over
    assert answered(ends).endswith(b"\r\n\r\n" + BODY[: len(BODY) // 2])


def test_of_an_answer_that_is_lost_nothing_is_sent(ends: tuple[socket.socket, Connection]) -> None:
    asked(ends, HEAD + b"Content-Length: 0\r\n\r\n")
    ends[1].answer(Response(200, OK.headers, BODY, delivery="lost_response"))
    assert ends[1].is_over
    assert answered(ends) == b""
