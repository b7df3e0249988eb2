"""Has MCP clients call tools under MCP's own conformance suite."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import NamedTuple

from tests.campaign.environments import NODE, PYTHON
from tests.campaign.peers.environment import PEERS, SUITE

SCENARIOS = ("initialize", "tools_call", "sse-retry")
"""The scenarios of the suite for clients that do not log in. None of them ends a session."""

CLIENTS = {
    "mcp": [str(PYTHON), str(PEERS / "mcp_calls.py"), "mcp"],
    "fastmcp": [str(PYTHON), str(PEERS / "mcp_calls.py"), "fastmcp"],
    "mcp-client-node": ["node", str(NODE / "mcp_calls.mjs"), "@modelcontextprotocol/client"],
    "mcp-sdk-node": ["node", str(NODE / "mcp_calls.mjs"), "@modelcontextprotocol/sdk"],
}


class Conformed(NamedTuple):
    """The number of checks that passed, and the names of those that failed."""

    passed: int
    failed: list[str]


def conform(client: str) -> Conformed:
    """Run the scenarios with a client."""
    passed, failed = 0, []
    binaries = SUITE / "node_modules" / ".bin"
    path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    for scenario in SCENARIOS:
        command = ["conformance", "client", "--command", shlex.join(CLIENTS[client]), "--scenario", scenario, "--verbose"]
        done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
        passed += len(re.findall(r'"status": "SUCCESS"', told))
        failed += re.findall(r'"id": "([^"]+)"[^{}]*?"status": "FAILURE"', told)
    return Conformed(passed, failed)
