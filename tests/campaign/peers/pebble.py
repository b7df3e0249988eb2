"""Has ACME clients order certificates from Pebble, which rejects so many in a hundred good nonces. It gives no verdict."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.campaign.environments import NODE, PYTHON
from tests.campaign.peers.environment import PEERS, SUITE, pebble_source

ORDERS = 20
REJECTED = (5, 15, 50)
"""The percentages of good nonces that are rejected; 5 is Pebble's own."""

CLIENTS = {
    "acme": [str(PYTHON), str(PEERS / "acme_orders.py"), "{url}", "{orders}"],
    "acme-client": ["node", str(NODE / "acme_orders.mjs"), "{url}", "{orders}", "acme-client"],
    "acme-client-before": ["node", str(NODE / "acme_orders.mjs"), "{url}", "{orders}", "acme-client-5.3.1"],
}


class Ordered(NamedTuple):
    """The number of orders that a client brought to the end, of `ORDERS`, and its first error."""

    done: int
    error: str


def order(client: str, rejected: int) -> Ordered:
    """Have a client order certificates."""
    with _pebble(rejected) as (url, authority):
        command = [word.format(url=url, orders=ORDERS) for word in CLIENTS[client]]
        trust = {**os.environ, "REQUESTS_CA_BUNDLE": authority, "NODE_EXTRA_CA_CERTS": authority}
        told = subprocess.run(command, env=trust, capture_output=True, text=True, check=False).stdout
    lines = [json.loads(line) for line in told.splitlines()]
    return Ordered(sum(line["ok"] for line in lines), next((line["error"] for line in lines if not line["ok"]), ""))


@contextmanager
def _pebble(rejected: int) -> Iterator[tuple[str, str]]:
    """Run Pebble; provide the URL of its directory, and the certificate to trust."""
    certificates = pebble_source() / "test" / "certs"
    with tempfile.TemporaryDirectory() as folder:
        port, management = _free_port(), _free_port()
        told = {
            "listenAddress": f"127.0.0.1:{port}",
            "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(certificates / "localhost" / "cert.pem"),
            "privateKey": str(certificates / "localhost" / "key.pem"),
            "httpPort": 5002,
            "tlsPort": 5001,
            "retryAfter": {"authz": 1, "order": 1},
            "profiles": {"default": {"description": "the default", "validityPeriod": 7776000}},
        }
        Path(folder, "config.json").write_text(json.dumps({"pebble": told}))
        ways = {"PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(rejected)}
        command = [str(SUITE / "pebble"), "-config", f"{folder}/config.json"]
        with subprocess.Popen(command, env={**os.environ, **ways}, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    if "ACME directory available" in line:
                        break
                yield f"https://localhost:{port}/dir", str(certificates / "pebble.minica.pem")
            finally:
                process.kill()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
