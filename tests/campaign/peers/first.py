"""Counts the scenarios that dayfly plays until a client breaks a clause for the first time.

``python -m tests.campaign.peers.first NAME CODE`` prints the number, in the environment of the clients; null if none breaks it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial

from contracts.protocol.judge import judge
from contracts.protocol.runner import ProtocolRunner
from contracts.protocol.scenario import DeclaredScenario
from contracts.protocol.trace import TraceExchange
from contracts.protocol.walk import plain, walk
from contracts.protocol.wire import operation_of
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Platform
from tests.campaign.drivers import PublicClient, drivers
from tests.campaign.environments import NODE, PYTHON, ROOT
from tests.campaign.running import clients_of, platform_of


def first(client: PublicClient, code: str) -> int | None:
    """Return the number of the scenario, counted in the environment of the clients."""
    command = [str(PYTHON), "-m", "tests.campaign.peers.first", client.name, code]
    told: int | None = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    return told


def _counted(client: PublicClient, code: str) -> int | None:
    with ProtocolRunner(clients_of(client), partial(platform_of, client)) as runner:
        for number, scenario in enumerate(_scenarios(runner), 1):
            verdicts = judge(runner.platform, runner.run(scenario).trace)
            if any(verdict.code == code for verdict in verdicts.violated):
                return number
    return None


def _scenarios(runner: ProtocolRunner) -> Iterator[DeclaredScenario]:
    """Yield the scenarios in the order in which `dayfly verify` plays them."""
    yield from plain(runner.platform)
    trace = runner.run(next(plain(runner.platform))).trace
    called = Counter(filter(None, (_operation(runner.platform, exchange) for exchange in trace.exchanges)))
    yield from walk(runner.platform, called)


def _operation(platform: Platform, exchange: TraceExchange) -> str | None:
    message = HttpMessage(exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
    found = operation_of(platform, message)
    return None if found is None else found.name


if __name__ == "__main__":
    wanted = next(one for one in drivers() if one.name == sys.argv[1])
    if wanted.language == "node":
        os.chdir(NODE)
    print(json.dumps(_counted(wanted, sys.argv[2])))
