"""Runs one driver with several seeds, in the environment of the clients; prints what came of it as JSON.

``python -m tests.campaign.running NAME SEEDS`` runs it, ``… NAME --replay`` plays the scenario that standard input has, and
``… NAME --try`` judges it by that scenario alone, if it does its work in peace.
A driver in Node runs in the current folder, where its packages are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from contracts.clients.base import Clients
from contracts.clients.command import command_clients
from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.errors import ContractsError
from contracts.judge import Requirement, Status
from contracts.protocol.scenario import DeclaredScenario
from contracts.report.model import ClauseResult, Report
from contracts.report.style import PLAIN
from contracts.report.table import table
from contracts.report.text import render
from contracts.scenario import complexity
from contracts.verify import Options
from contracts.verify.declared import PlatformSource
from contracts.verify.search import AS_FOUND
from mockserver.platform import compile_platform
from mockserver.platform import find as find_platform
from mockserver.platform.model import Platform
from tests.campaign.drivers import PUBLIC, PublicClient, drivers

QUIET = 30.0
"""Seconds that a process may be silent: a machine may be busy, and a library waits up to 10 s before it tries again."""

SILENT = 10.0
"""The same for a client in Python, in which nothing waits in real time."""

REPLAYS = 20
"""How often the smallest scenario of a broken clause is played again."""


class Clause(msgspec.Struct):
    """What came of a clause: with how many seeds it held and was broken, and the simplest scenario in which it was broken.

    `reproduced` of `replays` runs of that scenario broke it again.
    """

    code: str
    name: str
    statement: str
    level: str
    source: str
    held: int = 0
    violated: int = 0
    message: str = ""
    scenario: DeclaredScenario | None = None
    story: str = ""
    replays: int = 0
    reproduced: int = 0


class Result(msgspec.Struct):
    """What came of one driver; `seeds` are those that were played to the end, `given_up` those whose runs were stopped."""

    driver: str
    seeds: int
    scenarios: int
    elapsed_s: float
    given_up: int
    clauses: list[Clause]


def platform_of(client: PublicClient, policy: Mapping[str, Any]) -> Platform:
    """Return the client's platform, its policy over that of the declaration."""
    return compile_platform(find_platform(client.platform), {**client.policy, **policy}, client.platform)


def declaration(client: PublicClient) -> PlatformSource:
    """Return the client's platform, to verify it against."""
    return PlatformSource(client.platform, partial(platform_of, client))


def clients_of(client: PublicClient) -> Clients:
    """Return what makes clients of this driver."""
    if client.language == "node":
        return command_clients(f"node {client.target}", patience=QUIET)
    methods = {client.unit: f"{client.unit}(…)"}
    return PythonClients(
        find(f"{PUBLIC}/{client.target}"), socket=True, methods=methods, patience=SILENT, factory_patience=QUIET
    )


def run(client: PublicClient, seeds: int) -> Result:
    """Verify a client with so many seeds. Raises ContractsError if it cannot be verified with any."""
    found: dict[str, Clause] = {}
    result, failure = Result(client.name, 0, 0, 0.0, 0, []), None
    for seed in range(seeds):
        try:
            # The scenarios are listed simplest first, so that the best of all seeds needs no minimizing.
            options = Options(seed=seed, examples=client.most, effort=AS_FOUND)
            report = declaration(client).verify(client.name, clients_of(client), options)
        except ContractsError as error:  # a busy machine, say, on which a client has waited too long
            print(f"{client.name}: seed {seed} was given up: {error}", file=sys.stderr)
            failure = error
            continue
        _count(result, report)
        for clause, demand in zip(report.clauses, report.demands, strict=True):
            _add(found, clause, demand)
        print(f"{client.name}: seed {seed}, {len(report.violated)} violated, {report.elapsed_s:.0f} s", file=sys.stderr)
    if failure is not None and not result.seeds:
        raise failure
    result.clauses = list(found.values())
    return result


def _count(result: Result, report: Report) -> None:
    result.seeds += 1
    result.scenarios += report.examples
    result.elapsed_s += report.elapsed_s
    result.given_up += bool(report.stopped)


def _add(found: dict[str, Clause], result: ClauseResult, demand: Requirement) -> None:
    empty = Clause(demand.code, demand.name, f"the client must {demand.statement}", demand.level, demand.source)
    clause = found.setdefault(demand.code, empty)
    clause.held += result.status is Status.HELD
    if result.counterexample is None:
        return
    clause.violated += 1
    scenario = result.counterexample.scenario
    assert isinstance(scenario, DeclaredScenario)
    if clause.scenario is None or complexity(scenario) < complexity(clause.scenario):
        clause.scenario, clause.message = scenario, result.counterexample.message
        clause.story = "\n".join(table(result.counterexample, PLAIN))


def confirm(client: PublicClient, clause: Clause) -> None:
    """Play the scenario in which a clause was broken again and again, and count in how many runs it is broken."""
    if clause.scenario is not None:
        report = _replayed(client, clause.scenario, REPLAYS)
        found = next(one.counterexample for one in report.clauses if one.code == clause.code)
        clause.replays, clause.reproduced = REPLAYS, 0 if found is None else found.reproduced


def try_out(client: PublicClient, scenario: DeclaredScenario) -> Result:
    """Judge a client by one scenario. Raises ContractsError if it cannot do its work though nothing goes wrong."""
    peaceful = run(replace(client, most=1), 1)
    found = {clause.code: clause for clause in peaceful.clauses}
    report = _replayed(client, scenario, 1)
    for clause, demand in zip(report.clauses, report.demands, strict=True):
        _add(found, clause, demand)
    return peaceful


def _replayed(client: PublicClient, scenario: DeclaredScenario, times: int) -> Report:
    return declaration(client).replay(client.name, clients_of(client), scenario, times=times)


def main() -> None:
    """Run or replay the driver that the command line names."""
    name, what = sys.argv[1:]
    client = next(one for one in drivers() if one.name == name)
    if what == "--replay":
        scenario = msgspec.json.decode(sys.stdin.buffer.read(), type=DeclaredScenario)
        print(render(_replayed(client, scenario, 1)), end="")
        return
    if what == "--try":
        result = try_out(client, msgspec.json.decode(sys.stdin.buffer.read(), type=DeclaredScenario))
    else:
        result = run(client, int(what))
        for clause in result.clauses:
            confirm(client, clause)
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    try:
        main()
    except ContractsError as error:
        sys.exit(str(error))
