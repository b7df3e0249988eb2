"""Verifies the clients of a declared platform: which scenarios are run, and what recordings show."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from contracts.clients.base import Clients
from contracts.errors import ContractsError
from contracts.har.extent import Extent
from contracts.judge import Requirement, Status, Verdicts
from contracts.judge.selection import select_from
from contracts.protocol.course import CourseOfRun
from contracts.protocol.history import history_of
from contracts.protocol.judge import judge
from contracts.protocol.recording import Reading
from contracts.protocol.rules import demands
from contracts.protocol.runner import ProtocolRunner
from contracts.protocol.scenario import Advance, DeclaredScenario, Do, End, load, units_of
from contracts.protocol.walk import plain, walk
from contracts.report.model import ClauseResult, Counterexample, Report, Source
from contracts.scenario import complexity
from contracts.verify.corpus import Corpus
from contracts.verify.declared_trials import DeclaredTrials
from contracts.verify.expected import expecting
from contracts.verify.explore import examine, until_enough
from contracts.verify.run import DEFAULT_OPTIONS, Options, pace, played_again, searched
from contracts.verify.search import Search, Watch, settled
from contracts.verify.stopwatch import Stopwatch
from mockserver.errors import suggestion
from mockserver.platform import compile_platform, find
from mockserver.platform.library import is_declared
from mockserver.platform.model import Platform

MOST: Mapping[str, int | None] = {"object": None, "process": 90, "real": 30}
"""Scenarios that are run at each pace, unless others are asked for; None for all."""


class PlatformSource(NamedTuple):
    """A declared platform: its name or file as it was given, and what compiles it under a policy."""

    named: str
    compile: Callable[[Mapping[str, Any]], Platform]

    @property
    def platform(self) -> Platform:
        """The platform without a policy."""
        return self.compile({})

    @property
    def demands(self) -> tuple[Requirement, ...]:
        """The clauses for its clients, in words."""
        return demands(self.platform)

    @property
    def codes(self) -> list[str]:
        """Their codes."""
        return [demand.code for demand in self.demands]

    @property
    def methods(self) -> dict[str, str]:
        """The methods that a client in Python must have: one for each unit of work, with its signature."""
        return {name: f"{name}({', '.join(effect.get('with', {}))})" for name, effect in self.platform.effects.items()}

    def load(self, path: Path) -> Any:
        """Read a scenario file. Raises ScenarioError."""
        return load(path)

    def verify(self, target: str, clients: Clients, options: Options = DEFAULT_OPTIONS, watch: Watch | None = None) -> Report:
        """Verify the clients of a target. `options.examples` bounds the scenarios.

        `options.seed` draws the schedules of units that run at once and, if there are more scenarios, which are run.

        Raises ClientError if no client can be made, ClientNeverWorked if it cannot do its work in peace.
        """
        corpus = None if options.corpus is None else Corpus(options.corpus, target, load)
        seed = options.seed or 0
        most = MOST[pace(clients)] if options.examples is None else options.examples
        with ProtocolRunner(clients, self.compile) as runner:
            if not runner.platform.effects:
                declares_none = f"the platform {runner.platform.name} declares no x-effects"
                raise ContractsError(f"{declares_none}, which say what a client is asked to do")
            clauses = select_from(demands(runner.platform), options.clauses)
            campaign = Search(DeclaredTrials(runner, clauses, options.parameters), watch)
            kept = [] if corpus is None else corpus.scenarios
            search = partial(_search, campaign, runner.platform, kept, seed, most, options.parameters.max_attempts)
            report = searched(target, campaign, search, options, corpus)
        examples = [] if options.examples is None else [f"--examples {options.examples}"]
        drawing = " ".join([*(f"--clause {code}" for code in options.clauses), *examples])
        return replace(self._about(report, clauses), seed=seed, drawing=drawing)

    def replay(
        self, target: str, clients: Clients, scenario: DeclaredScenario, options: Options = DEFAULT_OPTIONS, times: int = 1
    ) -> Report:
        """Run one scenario `times` times; return a report. Raises ClientError."""
        with ProtocolRunner(clients, self.compile) as runner:
            clauses = select_from(demands(runner.platform), options.clauses)
            _check_units(scenario, runner.platform)
            campaign = Search(DeclaredTrials(runner, clauses, options.parameters, may_fail=True))
            return self._about(played_again(target, campaign, scenario, options, times), clauses)

    def check(self, target: str, reading: Reading, options: Options = DEFAULT_OPTIONS, source: Source = "recording") -> Report:
        """Judge a recording. Raises ContractsError unless it has a call of this platform."""
        watch, platform = Stopwatch(), reading.platform
        clauses = select_from(demands(platform), options.clauses)
        if not reading.calls and source != "test":
            raise ContractsError(f"{target}: {reading.extent}; is it the right platform, and the right path in `servers`?")
        verdicts = judge(platform, reading.trace, options.parameters, clauses)
        course = CourseOfRun(platform, reading.trace)
        results = [_of_recording(clause, verdicts, course, reading) for clause in clauses]
        entries = {one.entry: one.status for one in reading.trace.exchanges if one.entry}
        refused = {entry: status for entry, status in entries.items() if status is not None and status >= 400}
        report = Report(
            target=target,
            clauses=expecting(results, target, options.expected),
            source=source,
            elapsed_s=watch.seconds(),
            extent=reading.extent if reading.calls else "nothing reached the platform",
            recording=Extent(requests=reading.calls, entries=reading.entries, refused=refused) if entries else None,
        )
        return self._about(report, clauses)

    def _about(self, report: Report, clauses: Sequence[Requirement]) -> Report:
        return replace(report, platform=self.named, demands=tuple(clauses))


def declaration(named: str | Path | None) -> PlatformSource | None:
    """Return the platform of this name or file; None for the one that is not declared.

    Raises SettingsError or DeclarationError.
    """
    if not is_declared(named):
        return None
    path = find(str(named))
    plain = compile_platform(path)
    return PlatformSource(str(named), lambda policy: compile_platform(path, policy) if policy else plain)


def _search(
    campaign: Search[DeclaredScenario],
    platform: Platform,
    kept: list[DeclaredScenario],
    seed: int,
    most: int | None,
    attempts: int,
) -> None:
    """Examine the scenarios of the corpus, those without trouble, and at most so many of the walk."""
    with until_enough():
        for scenario in kept:
            examine(campaign, scenario)
        called, done = _warm_up(campaign, platform), campaign.runs
        races = campaign.trials.clients.clock == "virtual"
        scenarios = walk(platform, called, seed, races=races, attempts=attempts)
        chosen = scenarios if most is None else _spread(scenarios, max(0, most - done), seed)
        campaign.planned = done + len(chosen)
        for scenario in chosen:
            examine(campaign, scenario)


def _of_recording(demand: Requirement, verdicts: Verdicts, course: CourseOfRun, reading: Reading) -> ClauseResult:
    verdict, code = verdicts.of(demand.code), demand.code.partition("/")[0]
    if verdict.status is Status.VIOLATED and code in reading.unsound:
        verdict = replace(verdict, status=Status.INCONCLUSIVE, message=reading.unsound[code], evidence=())
    status, message = (verdict.status, "") if verdict.is_root else settled(verdict)
    found = Counterexample(message=verdict.message, evidence=verdict.evidence, course=course) if verdict.is_root else None
    exercised = int(status != "not_exercised")
    return ClauseResult(
        code=demand.code, name=demand.name, status=status, message=message, exercised=exercised, counterexample=found
    )


def _check_units(scenario: DeclaredScenario, platform: Platform) -> None:
    """Raise ContractsError for a unit that the platform does not declare."""
    for unit in (unit for step in scenario.steps for unit in units_of(step)):
        if unit.unit not in platform.effects:
            raise ContractsError(f"{platform.name} declares no unit {unit.unit!r}; {suggestion(unit.unit, platform.effects)}")


def _warm_up(campaign: Search[DeclaredScenario], platform: Platform) -> dict[str, int]:
    """Run the scenarios without trouble; return how often one unit of work calls each operation."""
    called: dict[str, int] = {}
    for scenario in plain(platform):
        trial = examine(campaign, scenario)
        if scenario.intents == 1:
            calls = history_of(platform, trial.ran.trace).calls
            counted = Counter(call.operation for call in calls if call.operation is not None)
            called |= {name: max(number, called.get(name, 0)) for name, number in counted.items()}
    return called


def _spread(scenarios: list[DeclaredScenario], most: int, seed: int) -> list[DeclaredScenario]:
    """Return at most `most` scenarios, simplest first: those with only deaths, then others at even distances.

    `seed` shifts the selection.
    """
    if len(scenarios) <= most:
        return scenarios
    ends = [scenario for scenario in scenarios if all(isinstance(step, Do | Advance | End) for step in scenario.steps)]
    others = [scenario for scenario in scenarios if scenario not in ends]
    kept = _evenly(ends, most, seed)
    return sorted([*kept, *_evenly(others, most - len(kept), seed)], key=complexity)


def _evenly(scenarios: list[DeclaredScenario], most: int, seed: int) -> list[DeclaredScenario]:
    if len(scenarios) <= most:
        return scenarios
    step = len(scenarios) / max(1, most)
    first = random.Random(seed).random() if seed else 0.0
    return [scenarios[int((number + first) * step)] for number in range(most)]
