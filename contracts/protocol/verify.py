"""Runs a client of a declared platform through its scenarios, and keeps the simplest one that breaks each clause."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from contracts.clients.base import Clients
from contracts.errors import ContractsError
from contracts.protocol.history import operation_of
from contracts.protocol.judge import Verdict, codes, judge
from contracts.protocol.runner import Run, Runner, operations_called
from contracts.protocol.scenario import Advance, Do, End, Scenario, Together, complexity
from contracts.protocol.trace import Exchange, Trace
from contracts.protocol.walk import plain, walk
from contracts.verify.stopwatch import Stopwatch
from mockserver.platform.errors import suggestion
from mockserver.platform.message import Message
from mockserver.platform.model import Platform

RANK = {"violated": 3, "explained": 2, "held": 1, "not exercised": 0}


class ClientNeverWorked(ContractsError):
    """A client fails a unit of work in a scenario without trouble. `error` is its report."""

    def __init__(self, unit: str, error: str, output: str) -> None:
        last = output.strip().splitlines()[-1:] or [""]
        words = f": {last[0]}" if last[0] else ""
        super().__init__(f"the client cannot do {unit} though nothing goes wrong: {error or 'it gave no reason'}{words}")
        self.unit, self.error, self.output = unit, error, output


class Found(Struct, frozen=True, kw_only=True):
    """The simplest scenario that breaks a clause, and the trace of that run."""

    scenario: Scenario
    trace: Trace
    output: str = ""


class Finding(Struct, frozen=True, kw_only=True):
    """The verdict on one clause over all scenarios, with a counterexample if it was broken."""

    verdict: Verdict
    found: Found | None = None


class Report(Struct, frozen=True, kw_only=True):
    """The result of a verification."""

    target: str
    platform: str
    findings: list[Finding]
    scenarios: int
    seed: int
    elapsed_s: float
    real_time: bool = False
    why_real_time: str = ""
    """Why the client's time was real, in a few words, if it might have been virtual."""
    given_up: int = 0
    """The number of scenarios in which the client had to be given up."""
    extent: str = ""
    """For a recording: the part of it that was judged."""

    @property
    def violated(self) -> list[Finding]:
        """The clauses that were broken."""
        return [finding for finding in self.findings if finding.verdict.status == "violated"]

    @property
    def exit_status(self) -> int:
        """0 if every clause that was exercised held, 1 if one was broken, 2 if none was exercised."""
        if self.violated:
            return 1
        return 0 if any(finding.verdict.status == "held" for finding in self.findings) else 2


def verify(
    target: str,
    clients: Clients,
    compile: Callable[[Mapping[str, Any]], Platform],
    *,
    seed: int = 0,
    most: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Report:
    """Verify the clients of a target. `most` bounds the scenarios; `progress` gets the number of those done, and of all.

    `seed` draws the schedules of units that run at once and, if there are more than `most` scenarios, which are played.

    Raises ClientError if no client can be made, ClientNeverWorked if it cannot do its work in peace.
    """
    watch = Stopwatch()
    with Runner(clients, compile) as runner:
        if not runner.platform.effects:
            raise ContractsError(
                f"the platform {runner.platform.name} declares no x-effects, which say what a client is asked to do"
            )
        best = {code: Finding(verdict=verdict) for code, verdict in _unjudged(runner.platform).items()}
        called, done, given_up = _warm_up(runner, best), sum(1 for _ in plain(runner.platform)), 0
        scenarios = walk(runner.platform, called, seed, races=clients.clock == "virtual")
        chosen = scenarios if most is None else _spread(scenarios, max(0, most - done), seed)
        for number, scenario in enumerate(chosen, 1):
            run = runner.run(scenario)
            given_up += bool(run.hung)
            _keep(best, scenario, run, runner.platform)
            progress(number, len(chosen))
        return Report(
            target=target,
            platform=runner.platform.name,
            findings=list(best.values()),
            scenarios=done + len(chosen),
            seed=seed,
            elapsed_s=watch.seconds(),
            real_time=clients.clock != "virtual",
            why_real_time=clients.real_time,
            given_up=given_up,
        )


def replayed(
    target: str, clients: Clients, compile: Callable[[Mapping[str, Any]], Platform], scenario: Scenario, times: int = 1
) -> tuple[Report, int]:
    """Play one scenario `times` times; return a report, and how many runs broke a clause. Raises ClientError."""
    watch, broken, given_up = Stopwatch(), 0, 0
    with Runner(clients, compile) as runner:
        best = {code: Finding(verdict=verdict) for code, verdict in _unjudged(runner.platform).items()}
        _check_units(scenario, runner.platform)
        for _ in range(times):
            run = runner.run(scenario)
            given_up += bool(run.hung)
            broken += any(verdict.status == "violated" for verdict in judge(runner.platform, run.trace))
            _keep(best, scenario, run, runner.platform)
        report = Report(
            target=target,
            platform=runner.platform.name,
            findings=list(best.values()),
            scenarios=times,
            seed=0,
            elapsed_s=watch.seconds(),
            real_time=clients.clock != "virtual",
            why_real_time=clients.real_time,
            given_up=given_up,
        )
    return report, broken


def _check_units(scenario: Scenario, platform: Platform) -> None:
    """Raise ContractsError for a unit that the platform does not declare."""
    asked = [unit for step in scenario.steps for unit in (step.units if isinstance(step, Together) else (step,))]
    for unit in asked:
        if isinstance(unit, Do) and unit.unit not in platform.effects:
            raise ContractsError(f"{platform.name} declares no unit {unit.unit!r}; {suggestion(unit.unit, platform.effects)}")


def checked(target: str, platform: Platform, trace: Trace, extent: str) -> Report:
    """Judge a recording; `extent` is the part of it that was read, as text."""
    watch = Stopwatch()
    found = Found(scenario=Scenario(()), trace=trace)
    findings = [
        Finding(verdict=verdict, found=found if verdict.status == "violated" else None) for verdict in judge(platform, trace)
    ]
    return Report(
        target=target,
        platform=platform.name,
        findings=findings,
        scenarios=0,
        seed=0,
        elapsed_s=watch.seconds(),
        real_time=True,
        extent=extent,
    )


def _unjudged(platform: Platform) -> dict[str, Verdict]:
    empty = {verdict.code: verdict for verdict in judge(platform, Trace(exchanges=[]))}
    return {code: empty[code] for code in codes(platform)}


def _warm_up(runner: Runner, best: dict[str, Finding]) -> dict[str, int]:
    """Play the scenarios without trouble; return how often one unit of work calls each operation."""
    called: dict[str, int] = {}
    for scenario in plain(runner.platform):
        run = runner.run(scenario)
        _keep(best, scenario, run, runner.platform)
        failed = next((unit for unit in run.trace.units if unit.outcome != "accepted"), None)
        broken = any(finding.verdict.status == "violated" for finding in best.values())
        if failed is not None and not broken:
            raise ClientNeverWorked(failed.name, failed.error or run.hung, run.output)
        counted = operations_called(run.trace, lambda exchange: _operation(runner.platform, exchange))
        if scenario.units == 1:
            called = {name: max(number, called.get(name, 0)) for name, number in counted.items()} | {
                name: number for name, number in called.items() if name not in counted
            }
    return called


def _operation(platform: Platform, exchange: Exchange) -> str | None:
    message = Message(exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
    found = operation_of(platform, message)
    return None if found is None else found.name


def _keep(best: dict[str, Finding], scenario: Scenario, run: Run, platform: Platform) -> None:
    """Update the findings with a run, if it shows more of a clause, or shows it in a simpler scenario."""
    for verdict in judge(platform, run.trace):
        known = best[verdict.code]
        rank, has = RANK[verdict.status], RANK[known.verdict.status]
        simpler = known.found is not None and complexity(scenario) < complexity(known.found.scenario)
        if rank > has or (rank == has == RANK["violated"] and simpler):
            broken = verdict.status in {"violated", "explained"}
            found = Found(scenario=scenario, trace=run.trace, output=run.output) if broken else None
            best[verdict.code] = Finding(verdict=verdict, found=found)


def _spread(scenarios: list[Scenario], most: int, seed: int) -> list[Scenario]:
    """Return at most `most` scenarios, simplest first: those with only deaths, then others at even distances.

    `seed` shifts the selection.
    """
    if len(scenarios) <= most:
        return scenarios
    ends = [scenario for scenario in scenarios if all(isinstance(step, Do | Advance | End) for step in scenario.steps)]
    others = [scenario for scenario in scenarios if scenario not in ends]
    kept = _evenly(ends, most, seed)
    return sorted([*kept, *_evenly(others, most - len(kept), seed)], key=complexity)


def _evenly(scenarios: list[Scenario], most: int, seed: int) -> list[Scenario]:
    if len(scenarios) <= most:
        return scenarios
    step = len(scenarios) / max(1, most)
    first = random.Random(seed).random() if seed else 0.0
    return [scenarios[int((number + first) * step)] for number in range(most)]
