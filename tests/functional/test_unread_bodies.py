"""An answer that needs no body of its request is seen all the same, and the connection stays good for the next request."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest

from tests.functional.serving import Serving

REQUESTS = [
    ("POST", "/__admin/organizations", {"X-Forwarded-For": "192.0.2.1"}, 403),
    ("POST", "/__admin/console/login", {"X-Forwarded-For": "192.0.2.1"}, 403),
    ("POST", "/__admin/nowhere", {}, 404),
    ("DELETE", "/__admin/organizations/nowhere", {}, 404),
    ("GET", "/__admin/organizations", {}, 200),
    ("POST", "/nowhere", {}, 404),
]


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with Serving() as serving:
        parts = urlsplit(serving.url)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


def answered(connection: socket.socket, method: str) -> HTTPResponse:
    answer = HTTPResponse(connection, method=method)
    answer.begin()
    answer.read()
    return answer


def head(method: str, path: str, headers: dict[str, str], size: int) -> bytes:
    fields = {"Host": "127.0.0.1", "Content-Length": str(size), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize("size", [10, 100_000, 3_000_000])
@pytest.mark.parametrize(("method", "path", "headers", "status"), REQUESTS)
def test_the_next_request_on_the_connection_is_answered(
    address: tuple[str, int], method: str, path: str, headers: dict[str, str], status: int, size: int
) -> None:
    with socket.create_connection(address, timeout=30) as connection:
        for _ in range(3):
            connection.sendall(head(method, path, headers, size) + b"x" * size)
            assert answered(connection, method).status == status
            connection.sendall(head("GET", "/__admin/health", {}, 0))
            assert answered(connection, "GET").status == 200


def test_a_client_that_asks_before_it_sends_is_answered_at_once(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(head("POST", "/__admin/nowhere", {"Expect": "100-continue"}, 3_000_000))
        answer = answered(connection, "POST")
        assert (answer.status, answer.getheader("Connection")) == (404, "close")
