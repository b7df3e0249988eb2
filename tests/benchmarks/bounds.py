"""The memory of a server under hostile requests: ``python -m tests.benchmarks.bounds``.

Each row is a separate server, started by `dayfly serve`. It shows the most memory of its worker in MB, before and after the
journal and the contract were opened in the console. ``python -m tests.benchmarks.bounds NAME…`` measures some rows.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.functional.serving import Serving
from tests.functional.talking import CREATE, SEND, TOKEN, Talker

BOUND = 256

MB = 1 << 20

MOST = 16 * MB


class Target:
    """A server, and a client that has logged in."""

    def __init__(self, serving: Serving) -> None:
        self.url, self.told = serving.url, serving.told
        parts = urlsplit(self.url)
        self.address = (parts.hostname or "", parts.port or 0)
        with Talker(self.told) as talker:
            self.token = talker.login().json()["access_token"]
        self.parent = serving.process.pid
        self.http = httpx.Client(base_url=self.url, timeout=120, limits=httpx.Limits(max_connections=None))

    def connect(self) -> socket.socket:
        """A connection of one's own."""
        return socket.create_connection(self.address, timeout=60)

    def send(self, body: bytes, path: str = SEND, headers: dict[str, str] | None = None) -> int:
        """Send a body whole, whatever is answered meanwhile; the status, or 0 if there was none."""
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}", **(headers or {})}
        with suppress(httpx.TransportError):
            return self.http.post(path, content=body, headers=given).status_code
        return 0

    def peak(self) -> float:
        """The most that the worker had in memory, in MB."""
        return max(_peak(pid) for pid in _children(self.parent))


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _peak(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _many(send: Callable[[int], object], times: int, at_once: int = 64) -> None:
    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(send, range(times)))


def nothing(target: Target) -> None:
    """A server that has just started."""


def usual(target: Target) -> None:
    """The journal full of usual requests."""
    with Talker(target.told) as talker:
        talker.login()
        for _ in range(2600):
            talker.send(talker.session())


def bodies(target: Target) -> None:
    """128 bodies of 16 MB, 48 at once."""
    body = b'{"text": "' + b"x" * (MOST - 20) + b'"}'
    _many(lambda _: target.send(body), 128, 48)


def chunked(target: Target) -> None:
    """The same without a length."""

    def pieces() -> Iterator[bytes]:
        for _ in range(256):
            yield b"x" * 65536

    _many(lambda _: target.send(pieces()), 128, 48)  # type: ignore[arg-type]


def slow(target: Target) -> None:
    """1,000 bodies of 1 MB that do not come to their end, of a client that may send them."""
    lines = ["Host: x", f"Authorization: Bearer {target.token}", "Content-Type: application/json", f"Content-Length: {MB}"]
    head = "\r\n".join([f"POST {SEND} HTTP/1.1", *lines, "", ""]).encode()
    with ExitStack() as stack:
        for _ in range(1000):
            connection = stack.enter_context(target.connect())
            connection.settimeout(0.5)
            with suppress(OSError):
                connection.sendall(head + b"x" * (MB - 1000))


def wide(target: Target) -> None:
    """Bodies of 1 MB with 350 000 values, 64 at once."""
    body = b"[" + b"[]," * 349_000 + b"1]"
    _many(lambda _: target.send(body), 256)


def emojis(target: Target) -> None:
    """Bodies of 1 MB that are one text, 64 at once, and wrong at their end."""
    body = '{{"text": "\U0001f98b{}"'.format("x" * (MB - 100)).encode()
    _many(lambda _: target.send(body), 256)


def bombs(target: Target) -> None:
    """Gzip of 1 GB, in 1 MB, 64 at once."""
    bomb = gzip.compress(bytes(1 << 30), 9)
    _many(lambda _: target.send(bomb, headers={"Content-Encoding": "gzip"}), 256)


def forms(target: Target) -> None:
    """Token requests of 8 MB, 64 at once."""
    form = b"grant_type=client_credentials&" + b"&".join(b"%d=%%41" % number for number in range(800_000))
    _many(lambda _: target.send(form, TOKEN, {"Content-Type": "application/x-www-form-urlencoded"}), 128)


def headers(target: Target) -> None:
    """2 500 requests with 380 kB of headers."""
    lines = "".join(f"x-{number}: {'y' * 9000}\r\n" for number in range(40))
    head = f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{lines}\r\n".encode()

    def send(_: int) -> None:
        with target.connect() as connection, suppress(OSError):
            connection.sendall(head)
            connection.recv(100)

    _many(send, 2500)


def heads(target: Target) -> None:
    """2 000 connections whose headers do not end."""
    head = f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nx: {'y' * 390_000}".encode()
    with ExitStack() as stack:
        for _ in range(2000):
            connection = stack.enter_context(target.connect())
            connection.settimeout(0.2)
            with suppress(OSError):
                connection.sendall(head)


def journal(target: Target) -> None:
    """Two journals full of the largest entries that they keep: bodies of 64 kB, of many values and of long texts."""
    few = json.dumps({"guest": {"name": "x", "email": "y", **{str(number): number for number in range(900)}}}).encode()
    kinds = [b"[" + b"[]," * 20_000 + b"1]", b"[" + b"[]," * 900 + b'"' + b"x" * 60_000 + b'"]', few, b"\xff" * 65_000]
    for token in (f"Bearer {target.token}", "Bearer made-up"):
        shown = {"Authorization": token}
        _many(partial(lambda shown, number: target.send(kinds[number % 4], CREATE, shown), shown), 1600, 16)


def small(target: Target) -> None:
    """Two journals full of entries that are just too small to be weighed."""
    query, text = "?" + "q" * 700, json.dumps({"webChatSessionId": "s", "text": "t" * 1100}).encode()
    for token in (f"Bearer {target.token}", "Bearer made-up"):
        shown = {"Authorization": token}
        _many(partial(lambda shown, _: target.send(text, SEND + query, shown), shown), 6000, 16)


def broken(target: Target) -> None:
    """A journal full of requests that break the contract."""
    with Talker(target.told) as talker:
        talker.login()
        session = talker.session()
        for number in range(5000):
            talker.send(session, f"message {number % 100} " + "x" * 500)


ROWS = (nothing, usual, broken, bodies, chunked, slow, wide, emojis, bombs, forms, headers, heads, journal, small)


def look(target: Target) -> None:
    """Look at what the control API and the console tell of both journals."""
    with httpx.Client(base_url=target.url, timeout=120) as http:
        for name in ("default", "unassigned"):
            for path in ("trace", "requests?limit=1000", "requests/count"):
                http.get(f"/__admin/organizations/{name}/{path}")
            for path in ("", "/requests", "/sessions", "/contract"):
                http.get(f"/__admin/console/organizations/{name}{path}", follow_redirects=True)


def main(names: list[str]) -> int:
    """Print the rows; 1 if one of them is beyond the bound."""
    beyond = 0
    for row in ROWS:
        if names and row.__name__ not in names:
            continue
        with Serving() as serving:
            target = Target(serving)
            row(target)
            sent = target.peak()
            look(target)
            seen = target.peak()
        beyond += seen > BOUND
        print(f"{row.__name__:9}{sent:8.0f}{seen:8.0f}  {row.__doc__}", flush=True)
    return int(beyond > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
