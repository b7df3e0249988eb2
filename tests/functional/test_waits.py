"""A waiting request delays no other, and ends when its client has gone. On granian, in real time."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from tests.functional.serving import Serving
from tests.functional.talking import CREATE, GUEST, Talker

pytestmark = pytest.mark.slow

MANY = 150
HOUR = 3600

SHORTENED = "from mockserver.web import calls; calls.BODY_WITHIN = 5; from contracts.cli import main; main()"
"""A body may take half of the usual time."""


@pytest.fixture
def serving() -> Iterator[Serving]:
    with Serving() as serving:
        yield serving


def connected(serving: Serving) -> socket.socket:
    parts = urlsplit(serving.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def request(talker: Talker, body: bytes, size: int | None = None) -> bytes:
    fields = {
        "Host": "127.0.0.1",
        "Authorization": talker.http.headers.get("Authorization", "Bearer none"),
        "Content-Type": "application/json",
        "Content-Length": str(len(body) if size is None else size),
    }
    return (
        "\r\n".join([f"POST {CREATE} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]).encode()
        + body
    )


def until(wanted: Callable[[], bool]) -> None:
    """Asks again and again, each time over the network, until it is so."""
    given_up = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < given_up, "it did not come to that within a minute"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has hung up")
def test_delays_hold_nobody_and_end_with_their_clients(serving: Serving) -> None:
    with Talker(serving.told) as talker:
        talker.login()
    with ExitStack() as stack:
        control = stack.enter_context(httpx.Client(base_url=f"{serving.url}/__admin", timeout=30))
        organization = "/organizations/" + control.get("/organizations").json()["organizations"][0]["id"]
        fault = {"kind": "latency", "seconds": HOUR, "operation": "create", "times": MANY}
        control.post(f"{organization}/faults", json=fault).raise_for_status()

        def count(status: int | None) -> int:
            found = control.get(f"{organization}/requests?operation=create&limit={MANY}").raise_for_status().json()
            return [request["status"] for request in found["requests"]].count(status)

        asking = request(talker, json.dumps({"guest": GUEST}).encode())
        hurried = [stack.enter_context(connected(serving)) for _ in range(MANY)]
        for client in hurried:
            client.sendall(asking)
        until(lambda: count(None) == MANY)
        for client in hurried:
            client.close()
        until(lambda: count(200) == MANY)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which bodies do not come")
def test_bodies_that_never_end_hold_nobody_and_are_given_up() -> None:
    with ExitStack() as stack:
        serving = stack.enter_context(Serving(command=(sys.executable, "-c", SHORTENED, "serve")))
        talker = stack.enter_context(Talker(serving.told))
        stuck = [stack.enter_context(connected(serving)) for _ in range(MANY)]
        for connection in stuck:
            connection.sendall(request(talker, b'{"guest"', size=90))
        assert talker.login().status_code == 200
        assert talker.create().status_code == 200
        assert talker.http.get("/__admin/health").status_code == 200
        assert [connection.recv(1) for connection in stuck] == [b""] * MANY
        assert talker.create().status_code == 200
