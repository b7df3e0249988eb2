"""WireMock and MockServer, set up to answer the same bytes as the other servers.

``python -m tests.benchmarks.java wiremock`` starts one. Maven downloads and caches both. Each prints its URL and its process
when it is ready.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from tests.benchmarks.serving import CREATE, PEERS

SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"
ID = "a606839e-b905-4b6e-a6e3-3f1614a4f91f"
HEADERS = {
    "Content-Type": "application/json",
    "ININ-Correlation-Id": "00000000-f06c-444a-a25b-413f8a9a021e",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "inin-ratelimit-count": "0",
    "inin-ratelimit-allowed": "300",
    "inin-ratelimit-reset": "60",
    "Server": "peer",
}
KEPT = 10_000
"""Requests that each keeps, as many as dayfly keeps entries by default."""

CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"


class Peer(NamedTuple):
    """The start of a server at a port, and the setup of its answers."""

    artifact: str
    arguments: Callable[[int], list[str]]
    prime: Callable[[httpx.Client], None]


def _wiremock(port: int) -> list[str]:
    main = "wiremock.Run"
    options = ["--bind-address", "127.0.0.1", "--global-response-templating", "--disable-banner", "--disable-request-logging"]
    return [main, "--port", str(port), *options, "--max-request-journal-entries", str(KEPT)]


def _prime_wiremock(http: httpx.Client) -> None:
    uuid = "{{randomValue type='UUID'}}"
    for path, body in _answers(uuid):
        answer = {"status": 200, "headers": HEADERS, "body": body}
        http.post(
            "/__admin/mappings", json={"request": {"method": "POST", "urlPath": path}, "response": answer}
        ).raise_for_status()


def _mockserver(port: int) -> list[str]:
    limits = [f"-Dmockserver.maxLogEntries={KEPT}", "-Dmockserver.logLevel=ERROR"]
    return [*limits, "org.mockserver.cli.Main", "-serverPort", str(port)]


def _prime_mockserver(http: httpx.Client) -> None:
    for path, body in _answers("$!uuid"):
        headers = json.dumps({name: [value] for name, value in HEADERS.items()})
        template = f'{{"statusCode": 200, "headers": {headers}, "body": {json.dumps(body)}}}'
        wanted = {"httpRequest": {"method": "POST", "path": path}}
        given = {"httpResponseTemplate": {"templateType": "VELOCITY", "template": template}}
        http.put("/mockserver/expectation", json=wanted | given).raise_for_status()


def _answers(uuid: str) -> list[tuple[str, str]]:
    return [(CREATE, f'{{"webChatSessionId":"{uuid}"}}'), (SEND, f'{{"id":"{uuid}","webChatSessionId":"{ID}"}}')]


NAMES = {"wiremock": "WireMock", "mockserver": "MockServer"}
_PEERS = {
    "wiremock": Peer("wiremock-standalone", _wiremock, _prime_wiremock),
    "mockserver": Peer("mockserver-netty", _mockserver, _prime_mockserver),
}


def commands() -> dict[str, list[str]]:
    """Return the command that starts each of them, by name and version."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        raise SystemExit("the benchmark wants java, 17 or newer, and mvn: apt-get install default-jdk-headless maven")
    versions = dict(
        re.findall(r"<artifactId>([\w-]+)</artifactId>\s*<version>([\d.]+)", (PEERS / "pom.xml").read_text("utf-8"))
    )
    return {
        f"{NAMES[name]} {versions[peer.artifact]}": [sys.executable, "-m", "tests.benchmarks.java", name]
        for name, peer in _PEERS.items()
    }


def _classpath() -> str:
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "classpath"
        subprocess.run(
            ["mvn", "-q", "-f", str(PEERS / "pom.xml"), CLASSPATH, f"-Dmdep.outputFile={found}"], check=True, stdout=sys.stderr
        )
        return found.read_text("utf-8")


def _serve(name: str) -> Any:
    from mockserver.web.listening import listen, url

    peer = _PEERS[name]
    with listen("127.0.0.1", 0) as free:  # neither takes a port that the system chooses and tells which
        where = url(free)
    port = urlsplit(where).port
    assert port is not None
    with (
        tempfile.TemporaryDirectory() as folder,  # MockServer writes a certificate to its current directory
        subprocess.Popen(["java", "-cp", _classpath(), *peer.arguments(port)], stdout=sys.stderr, cwd=folder) as process,
    ):
        try:
            with httpx.Client(base_url=where, transport=httpx.HTTPTransport(retries=7), timeout=60) as http:
                peer.prime(http)
            print(json.dumps([where, process.pid]), flush=True)
            process.wait()
        finally:
            process.terminate()


if __name__ == "__main__":
    import signal

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _serve(sys.argv[1])
