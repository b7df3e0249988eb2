"""Puts one client through many scenarios, and collects the judge's verdicts on each run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from contracts.clauses import BLURS, judged
from contracts.clients.errors import ClientError
from contracts.judge import Case, Clause, Judgement, Parameters, Status, Verdict, closeness
from contracts.report.model import ClauseResult, Counterexample
from contracts.scenario import Scenario, complexity
from contracts.verify.shrink import shrink
from contracts.verify.stopwatch import Stopwatch
from contracts.verify.working import Working
from contracts.world import Run, World
from contracts.world.names import named, named_log
from mockserver.journal import Header

_PRECEDENCE = (Status.VIOLATED, Status.INCONCLUSIVE, Status.HELD)


def settled(verdict: Verdict) -> tuple[Status, str]:
    """Return the status and message to report for a verdict without a counterexample. An explained violation is
    inconclusive.
    """
    if verdict.status is Status.VIOLATED:
        return Status.INCONCLUSIVE, f"violated only together with {verdict.explained_by}, which explains it"
    return verdict.status, verdict.message


class Effort(NamedTuple):
    """The budget of a counterexample: runs for minimizing it, and final runs that confirm it.

    A run in which the client hangs costs as much as `hang` others.
    """

    shrinking: int
    replays: int
    hang: int = 25


AS_FOUND = Effort(shrinking=0, replays=0)
"""Keeps counterexamples as they were found."""


class Progress(NamedTuple):
    """The progress of a campaign: `runs` of those `planned`, clauses put to the test and violated so far.

    `smaller` is the clause whose counterexample is being minimized, or "".
    """

    runs: int
    planned: int
    clauses: int
    exercised: int
    violated: int
    smaller: str = ""


Watch = Callable[[Progress], None]
"""Called after every run."""


class Witness(NamedTuple):
    """A run of a scenario in which a clause was violated."""

    scenario: Scenario
    run: Run
    verdict: Verdict
    number: int


def _keep_simplest(found: dict[str, Witness], witness: Witness) -> None:
    best = found.get(witness.verdict.code)
    if best is None or complexity(witness.scenario) < complexity(best.scenario):
        found[witness.verdict.code] = witness


_BLURRED = "violated only by messages sent at once, whose requests are uncertain because the client mixes up their guests ({})"


def replayed(scenario: Scenario, times: int) -> Iterator[Scenario]:
    """Yield the scenario so many times. If its failure depends on random numbers, each time has its own seed."""
    for number in range(times):
        yield replace(scenario, chance=(scenario.chance + number) % (1 << 32)) if scenario.chance else scenario


class Campaign:
    """A world, the clauses to judge, and the findings so far.

    `runs` of the `planned` ones are counted. In `hung` runs the client was silent for too long; in `flooded` runs it made too
    many requests. `walked` counts the scenarios of the walk by their kind. `real_time` is the seconds of runs in which the
    client's own time was real. `stopped` says why fewer runs were made than planned.
    """

    def __init__(
        self, world: World, clauses: Sequence[Clause[Any]], parameters: Parameters, watch: Watch | None = None
    ) -> None:
        self._world, self._clauses, self._parameters = world, clauses, parameters
        self._watch, self._working = watch, Working(world)
        self._found: dict[str, Witness] = {}
        self._apart: dict[str, Witness] = {}
        self._statuses: dict[str, Counter[Status]] = {clause.code: Counter() for clause in clauses}
        self._messages: dict[tuple[str, Status], str] = {}
        self.runs = self.planned = 0
        self.walked: Counter[str] = Counter()
        self.hung = self.flooded = 0
        self.real_time = 0.0
        self.why_real_time = ""
        self.stopped = ""

    def examine(self, scenario: Scenario) -> Judgement:
        """Run a scenario and record the verdicts. Raises ClientError if the client never worked."""
        stopwatch = Stopwatch()
        run, judgement = self._judged(scenario)
        self._working.check(scenario, run)
        self.runs += 1
        self.flooded += run.flooded
        self.hung += run.slow and not run.flooded
        if judgement.history.header.time:
            self.real_time += stopwatch.seconds()
            self.why_real_time = self.why_real_time or judgement.history.header.time
        for verdict in judgement.verdicts:
            self._count(verdict)
        for verdict in judgement.violated:
            witness = Witness(scenario, run, verdict, self.runs)
            _keep_simplest(self._found, witness)
            if not judgement.history.overlap(item.seq for item in verdict.evidence):
                _keep_simplest(self._apart, witness)
        self._tell()
        return judgement

    def closeness(self, judgement: Judgement) -> dict[str, float]:
        """Return how near a run came to violating each clause that can say so."""
        case = Case(judgement.history, self._parameters)
        near = {clause.code: closeness(clause, case) for clause in self._clauses}
        return {code: value for code, value in near.items() if value is not None}

    def results(self, effort: Effort) -> tuple[ClauseResult, ...]:
        """Return the result of each clause, with the smallest counterexample that could be found."""
        return tuple(self._result(clause, effort) for clause in self._clauses)

    def broken(self, code: str) -> int:
        """Return in how many runs a clause was violated and no other violation explained it."""
        return self._statuses[code][Status.VIOLATED]

    def holds(self, code: str, scenario: Scenario, times: int) -> bool:
        """Return whether `scenario` puts a clause to the test and the client keeps it, in each of so many runs."""
        return all(self._status(code, scenario) is Status.HELD for _ in range(times))

    def _tell(self, smaller: str = "") -> None:
        """Report the progress."""
        if self._watch is not None:
            exercised = sum(counts.total() > counts[Status.NOT_EXERCISED] for counts in self._statuses.values())
            self._watch(Progress(self.runs, self.planned, len(self._clauses), exercised, len(self._found), smaller))

    def _judged(self, scenario: Scenario) -> tuple[Run, Judgement]:
        run = self._world.run(scenario)
        return run, judged(run.trace, self._parameters, self._clauses)

    def _breaks(self, code: str, scenario: Scenario) -> bool:
        """Return whether the clause is violated in one more run."""
        try:
            return self._judged(scenario)[1].of(code).is_root
        except ClientError:
            return False

    def _status(self, code: str, scenario: Scenario) -> Status:
        """Return how the clause ends in one more run."""
        try:
            return self._judged(scenario)[1].of(code).status
        except ClientError:
            return Status.INCONCLUSIVE

    def _count(self, verdict: Verdict) -> None:
        status, message = (verdict.status, verdict.message) if verdict.is_root else settled(verdict)
        self._statuses[verdict.code][status] += 1
        self._messages.setdefault((verdict.code, status), message)

    def _result(self, clause: Clause[Any], effort: Effort) -> ClauseResult:
        counts = self._statuses[clause.code]
        status = next((status for status in _PRECEDENCE if counts[status]), Status.NOT_EXERCISED)
        root = next((root for root, codes in BLURS.items() if root in self._found and clause.code in codes), "")
        if root and status is Status.VIOLATED:
            if clause.code in self._apart:
                self._found[clause.code] = self._apart[clause.code]
            else:
                status = Status.INCONCLUSIVE
                self._messages[clause.code, status] = _BLURRED.format(root)
        shown = status in {Status.INCONCLUSIVE, Status.NOT_EXERCISED}
        message = self._messages.get((clause.code, status), "") if shown else ""
        found = self._counterexample(clause.code, effort) if status is Status.VIOLATED else None
        if found is not None and found.reproduced == 0 and self._found[clause.code].run.slow:
            status, message = Status.INCONCLUSIVE, f"{found.message}; but it did not hang when the scenario was run again"
            found = None
        return ClauseResult(
            code=clause.code,
            name=clause.name,
            status=status,
            exercised=counts.total() - counts[Status.NOT_EXERCISED],
            message=message,
            counterexample=found,
        )

    def _counterexample(self, code: str, effort: Effort) -> Counterexample:
        first = witness = self._found[code]
        left = effort.shrinking

        def fails(scenario: Scenario) -> bool:
            nonlocal witness, left
            self._tell(code)
            try:
                run, judgement = self._judged(scenario)
            except ClientError:  # it fails in another way, which does not count
                left -= effort.hang
                return False
            left -= effort.hang if run.slow or judgement.history.header.time else 1
            broken = judgement.of(code).is_root
            if broken:
                witness = Witness(scenario, run, judgement.of(code), first.number)
            return broken

        is_scheduled = self._world.clients.clock == "virtual"
        _, minimal = shrink(first.scenario, fails, lambda: left > 0, scheduled=is_scheduled)
        is_slow = witness.run.slow or any(isinstance(entry, Header) and entry.time for entry in witness.run.trace)
        replays = min(effort.replays, 1) if is_slow else effort.replays
        reproduced = sum(self._breaks(code, again) for again in replayed(witness.scenario, replays))
        return Counterexample(
            message=witness.verdict.message,
            evidence=witness.verdict.evidence,
            trace=named(witness.run.trace, witness.run.client_id),
            scenario=witness.scenario,
            replays=replays or 1,
            reproduced=reproduced if replays else 1,
            shrunk_from=first.scenario.intents if effort.shrinking else None,
            found_on=first.number,
            minimal=minimal if effort.shrinking else None,
            output=witness.run.output,
            log=named_log(witness.run.log(), witness.run.trace, witness.run.client_id),
        )
