"""What `verify` takes for a scenario of a client in Node, beside a bare Node process that makes as many fetches.

A scenario needs a process of its own, so the bare process is as fast as it can be. Both are measured in processor time and in
turns; that of the bare process's server is left out.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from threading import Thread
from time import process_time
from typing import NamedTuple

from contracts.clients.virtual.driver import VirtualClients
from contracts.verify import Options, verify
from tests.benchmarks.verifying import ANSWER, HEADERS, SEND
from tests.gallery.catalogue import ROOT
from tests.need import need

CLIENT = f"node {ROOT}/fixtures/clients/recovering.mjs"
EXAMPLES, ROUNDS = 30, 3

FETCHES = """
const [url, calls] = process.argv.slice(1);
for (let call = 0; call < calls; call++) {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify({ text: "Hello" }) });
  await answer.json();
}
"""


class Processes(NamedTuple):
    """Seconds of processor time for a scenario of `verify`, and for a bare process."""

    ours: float
    bare: float


def processes(calls: int, rounds: int = ROUNDS) -> Processes:
    """Return the medians of so many rounds, after one that warms up; the bare process makes `calls` fetches."""
    need("node")
    with _constant() as url:
        bare = ["node", "--input-type=module", "--eval", FETCHES, url, str(calls)]
        figures = [(_each(_verify), _each(lambda: _run(bare))) for _ in range(rounds + 1)][1:]
    return Processes(median(ours for ours, _ in figures), median(bare for _, bare in figures))


def _each(run: Callable[[], tuple[int, bool]]) -> float:
    before, own = _children(), process_time()
    runs, counts_own = run()
    spent = _children() - before
    return (spent + (process_time() - own if counts_own else 0)) / runs


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _verify() -> tuple[int, bool]:
    report = verify(CLIENT, VirtualClients(CLIENT), Options(seed=0, examples=EXAMPLES))
    assert not report.violated
    assert report.examples is not None
    return report.examples, True


def _run(command: list[str]) -> tuple[int, bool]:
    for _ in range(EXAMPLES):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env={**os.environ, "NODE_OPTIONS": ""})
    return EXAMPLES, False


@contextmanager
def _constant() -> Iterator[str]:
    """Serve a constant answer; yield its URL."""
    body = json.dumps(ANSWER).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(200)
            for name, value in {**HEADERS, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{SEND}"
        server.shutdown()
