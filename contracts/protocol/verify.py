"""Verifies the clients of a declared platform: which scenarios are run, and what recordings show."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from contracts.clients.base import Clients
from contracts.errors import ContractsError
from contracts.judge import Verdicts
from contracts.protocol.course import CourseOfRun
from contracts.protocol.history import history_of
from contracts.protocol.judge import judge
from contracts.protocol.rules import Applied, applied
from contracts.protocol.runner import Runner
from contracts.protocol.scenario import Advance, Do, End, Scenario, load, units_of
from contracts.protocol.trace import Trace
from contracts.protocol.trials import ProtocolTrials, Tried
from contracts.protocol.walk import plain, walk
from contracts.report.model import ClauseResult, Counterexample, Report
from contracts.scenario import complexity
from contracts.verify.campaign import Campaign, Watch, settled
from contracts.verify.corpus import Corpus
from contracts.verify.expected import expecting
from contracts.verify.explore import examine, until_enough
from contracts.verify.run import DEFAULT_OPTIONS, Options, pace, played_again, searched, select_from
from contracts.verify.stopwatch import Stopwatch
from mockserver.platform.errors import suggestion
from mockserver.platform.model import Platform

MOST: Mapping[str, int | None] = {"object": None, "process": 90, "real": 30}
"""Scenarios that are run at each pace, unless others are asked for; None for all."""

Compile = Callable[[Mapping[str, Any]], Platform]
"""Compiles a declaration under a policy."""


def verify(
    target: str, clients: Clients, compile: Compile, options: Options = DEFAULT_OPTIONS, watch: Watch | None = None
) -> Report:
    """Verify the clients of a target. `options.examples` bounds the scenarios.

    `options.seed` draws the schedules of units that run at once and, if there are more scenarios, which are run.

    Raises ClientError if no client can be made, ClientNeverWorked if it cannot do its work in peace.
    """
    corpus = None if options.corpus is None else Corpus(options.corpus, target, load)
    seed = options.seed or 0
    most = MOST[pace(clients)] if options.examples is None else options.examples
    with Runner(clients, compile) as runner:
        platform = runner.platform
        if not platform.effects:
            raise ContractsError(f"the platform {platform.name} declares no x-effects, which say what a client is asked to do")
        clauses = _chosen(platform, options)
        campaign = Campaign(ProtocolTrials(runner, clauses, options.parameters), watch)

        def search() -> None:
            with until_enough():
                for kept in [] if corpus is None else corpus.scenarios:
                    examine(campaign, kept)
                called = _warm_up(campaign, platform)
                done = campaign.runs
                scenarios = walk(
                    platform, called, seed, races=clients.clock == "virtual", attempts=options.parameters.max_attempts
                )
                chosen = scenarios if most is None else _spread(scenarios, max(0, most - done), seed)
                campaign.planned = done + len(chosen)
                for scenario in chosen:
                    examine(campaign, scenario)

        report = searched(target, campaign, search, options, corpus)
    return replace(report, seed=seed, **_about(platform, clauses))


def replayed(
    target: str, clients: Clients, compile: Compile, scenario: Scenario, options: Options = DEFAULT_OPTIONS, times: int = 1
) -> Report:
    """Run one scenario `times` times; return a report. Raises ClientError."""
    with Runner(clients, compile) as runner:
        platform = runner.platform
        clauses = _chosen(platform, options)
        _check_units(scenario, platform)
        campaign = Campaign(ProtocolTrials(runner, clauses, options.parameters, may_fail=True))
        report = played_again(target, campaign, scenario, options, times)
    return replace(report, **_about(platform, clauses))


def checked(target: str, platform: Platform, trace: Trace, extent: str, options: Options = DEFAULT_OPTIONS) -> Report:
    """Judge a recording; `extent` is the part of it that was read, as text."""
    watch, clauses = Stopwatch(), _chosen(platform, options)
    verdicts, course = judge(platform, trace, options.parameters, clauses), CourseOfRun(platform, trace)
    results = [_of_recording(clause, verdicts, course) for clause in clauses]
    return Report(
        target=target,
        clauses=expecting(results, target, options.expected),
        source="recording",
        elapsed_s=watch.seconds(),
        extent=extent,
        **_about(platform, clauses),
    )


def _chosen(platform: Platform, options: Options) -> tuple[Applied, ...]:
    every = applied(platform)
    chosen = select_from([one.demand for one in every], options.clauses)
    return tuple(one for one in every if one.demand in chosen)


def _about(platform: Platform, clauses: tuple[Applied, ...]) -> dict[str, Any]:
    return {"platform": platform.name, "demands": tuple(one.demand for one in clauses)}


def _of_recording(clause: Applied, verdicts: Verdicts, course: CourseOfRun) -> ClauseResult:
    demand, verdict = clause.demand, verdicts.of(clause.demand.code)
    status, message = (verdict.status, "") if verdict.is_root else settled(verdict)
    found = Counterexample(message=verdict.message, evidence=verdict.evidence, course=course) if verdict.is_root else None
    exercised = int(status != "not_exercised")
    return ClauseResult(
        code=demand.code, name=demand.name, status=status, message=message, exercised=exercised, counterexample=found
    )


def _check_units(scenario: Scenario, platform: Platform) -> None:
    """Raise ContractsError for a unit that the platform does not declare."""
    for unit in (unit for step in scenario.steps for unit in units_of(step)):
        if unit.unit not in platform.effects:
            raise ContractsError(f"{platform.name} declares no unit {unit.unit!r}; {suggestion(unit.unit, platform.effects)}")


def _warm_up(campaign: Campaign[Scenario], platform: Platform) -> dict[str, int]:
    """Run the scenarios without trouble; return how often one unit of work calls each operation."""
    called: dict[str, int] = {}
    for scenario in plain(platform):
        trial = examine(campaign, scenario)
        assert isinstance(trial, Tried)
        if scenario.intents == 1:
            calls = history_of(platform, trial.ran.trace).calls
            counted = Counter(call.operation for call in calls if call.operation is not None)
            called |= {name: max(number, called.get(name, 0)) for name, number in counted.items()}
    return called


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
