"""The servers that are measured: each in a process of its own, on one core, its URL told on standard output."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from mockserver.settings import Settings

PEERS = Path(__file__).parent / "peers"
LONG = 30 * 86_400_000
"""A life in milliseconds that outlasts the measurement."""

CREDENTIALS = ("bench", "bench-secret")
CREATE = "/api/v2/conversations/webchat/sessions"
SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"
GUEST = b'{"guest":{"name":"Ann","email":"ann@example.com"}}'


class Running(NamedTuple):
    """A server: its URL, and the process whose memory is measured."""

    url: str
    pid: int


def pinned(core: int) -> list[str]:
    """Return the words that pin a command to one core, none if that is not possible."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return ["taskset", "-c", str(cores[core])] if shutil.which("taskset") and len(cores) > core else []


@contextmanager
def running(command: list[str], core: int = 0) -> Iterator[Running]:
    """Runs a command that prints its URL, until the context ends."""
    with subprocess.Popen([*pinned(core), *command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            if not line:
                raise SystemExit(f"{' '.join(command)} did not start")
            yield Running(*json.loads(line)) if line.startswith("[") else Running(line, process.pid)
        finally:
            process.terminate()


def node() -> list[str]:
    """The plain node:http handler."""
    program = shutil.which("node")
    if program is None:
        raise SystemExit("the benchmark wants node, to measure beside a plain node:http handler: install Node 20 or newer")
    return [program, str(PEERS / "node_http.mjs")]


def bare(store: str = "") -> list[str]:
    """The bare WSGI function under granian."""
    return [sys.executable, "-m", "tests.benchmarks.serving", "bare", store]


def dayfly(sessions: int, store: str = "memory:") -> list[str]:
    """The mock with so many live sessions, their organisation the default one."""
    return [sys.executable, "-m", "tests.benchmarks.serving", "dayfly", store, str(sessions)]


def _bare_app(settings: Settings) -> WSGIApplication:
    from tests.benchmarks.peers.bare import application

    return application("" if settings.store == "memory:" else settings.store)


def _filled_app(sessions: int) -> Callable[[Settings], WSGIApplication]:
    def make(settings: Settings) -> WSGIApplication:
        from mockserver.assemble import assemble
        from mockserver.web.app import create_app
        from mockserver.wire import Request

        parts = assemble(settings)
        token = f"Bearer {issued(parts.handler)}"
        request = Request(
            method="POST", path=CREATE, authorization=token, content_type="application/json", body=GUEST, size=len(GUEST)
        )
        for _ in range(sessions):
            parts.handler.handle(request)
        return create_app(parts)

    return make


def issued(handler: Any) -> str:
    """A token of the benchmark's client."""
    from base64 import b64encode

    import msgspec

    from mockserver.wire import Request

    basic = "Basic " + b64encode(":".join(CREDENTIALS).encode()).decode()
    form = b"grant_type=client_credentials"
    request = Request(
        method="POST",
        path="/oauth/token",
        authorization=basic,
        content_type="application/x-www-form-urlencoded",
        body=form,
        size=len(form),
    )
    token: str = msgspec.json.decode(handler.handle(request).body)["access_token"]
    return token


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def main(kind: str, store: str, sessions: int = 0) -> None:
    """Serves one of the servers until it is told to stop."""
    from mockserver import serve
    from mockserver.engine.model import Policy
    from mockserver.settings import Settings

    def ready(serving: serve.ServerProcess) -> None:
        print(json.dumps([serving.url, _children(os.getpid())[0]]), flush=True)

    make_app = _bare_app if kind == "bare" else _filled_app(sessions)
    settings = Settings(
        store=store or "memory:",
        policy=Policy(ttl=LONG, idle_timeout=LONG),
        client_id=CREDENTIALS[0],
        client_secret=CREDENTIALS[1],
        max_live_sessions=10_000_000,
    )
    serve.run(settings, ready, port=0, make_app=make_app)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
