"""Puts one client through many scenarios, and collects the judge's verdicts on each run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple

from contracts.clients.errors import ClientError
from contracts.judge import Requirement, Status, Verdict
from contracts.report.model import ClauseResult, Counterexample
from contracts.scenario import P, changed, complexity
from contracts.verify.shrink import shrink
from contracts.verify.stopwatch import Stopwatch
from contracts.verify.trials import Trial, Trials

_PRECEDENCE = (Status.VIOLATED, Status.INCONCLUSIVE, Status.HELD)


def settled(verdict: Verdict) -> tuple[Status, str]:
    """Return the status and message to report for a verdict without a counterexample. An explained violation is
    inconclusive.
    """
    if verdict.status is Status.VIOLATED:
        return Status.INCONCLUSIVE, f"violated only together with {verdict.explained_by}, which explains it"
    return verdict.status, verdict.message


class Budget(NamedTuple):
    """The budget of a counterexample: runs for minimizing it, and final runs that confirm it.

    A run in which the client hangs costs as much as `hang` others.
    """

    shrinking: int
    replays: int
    hang: int = 25


AS_FOUND = Budget(shrinking=0, replays=0)
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


class FailingRun(NamedTuple, Generic[P]):
    """A run of a scenario in which a clause was violated."""

    scenario: P
    trial: Trial
    verdict: Verdict
    number: int


def _keep_simplest(found: dict[str, FailingRun[P]], witness: FailingRun[P]) -> None:
    best = found.get(witness.verdict.code)
    if best is None or complexity(witness.scenario) < complexity(best.scenario):
        found[witness.verdict.code] = witness


_BLURRED = "violated only by messages sent at once, whose requests are uncertain because the client mixes up their guests ({})"

_ONCE = "it did not happen again when the scenario was run {} more times: the machine may have stood still"


def replayed(scenario: P, times: int) -> Iterator[P]:
    """Yield the scenario so many times. If its failure depends on random numbers, each time has its own seed."""
    for number in range(times):
        yield changed(scenario, chance=(scenario.chance + number) % (1 << 32)) if scenario.chance else scenario


class Search(Generic[P]):
    """The trials of a client, and the findings so far.

    `runs` of the `planned` ones are counted. In `hung` runs the client was silent for too long; in `flooded` runs it made too
    many requests. `walked` counts the scenarios of the walk by their kind. `real_time` is the seconds of runs in which the
    client's own time was real. `stopped` says why fewer runs were made than planned.
    """

    def __init__(self, trials: Trials[P], watch: Watch | None = None) -> None:
        self.trials, self._watch = trials, watch
        self._found: dict[str, FailingRun[P]] = {}
        self._apart: dict[str, FailingRun[P]] = {}
        self._statuses: dict[str, Counter[Status]] = {demand.code: Counter() for demand in trials.demands}
        self._messages: dict[tuple[str, Status], str] = {}
        self.runs = self.planned = 0
        self.walked: Counter[str] = Counter()
        self.hung = self.flooded = 0
        self.real_time = 0.0
        self.why_real_time = ""
        self.stopped = ""

    def examine(self, scenario: P) -> Trial:
        """Run a scenario and record the verdicts. Raises ClientError if the client never worked."""
        stopwatch = Stopwatch()
        trial = self.trials.run(scenario)
        self.trials.check(scenario, trial)
        self.runs += 1
        self.flooded += trial.ran.flooded
        self.hung += trial.ran.slow and not trial.ran.flooded
        if trial.own_time:
            self.real_time += stopwatch.seconds()
            self.why_real_time = self.why_real_time or trial.own_time
        for verdict in trial.verdicts.verdicts:
            status, message = (verdict.status, verdict.message) if verdict.is_root else settled(verdict)
            self._statuses[verdict.code][status] += 1
            self._messages.setdefault((verdict.code, status), message)
        for verdict in trial.verdicts.violated:
            witness = FailingRun(scenario, trial, verdict, self.runs)
            _keep_simplest(self._found, witness)
            if not trial.overlaps(verdict.evidence):
                _keep_simplest(self._apart, witness)
        self._tell()
        return trial

    @property
    def violated(self) -> bool:
        """Whether a clause was violated so far."""
        return bool(self._found)

    def results(self, effort: Budget) -> tuple[ClauseResult, ...]:
        """Return the result of each clause, with the smallest counterexample that could be found."""
        return tuple(self._result(demand, effort) for demand in self.trials.demands)

    def broken(self, code: str) -> int:
        """Return in how many runs a clause was violated and no other violation explained it."""
        return self._statuses[code][Status.VIOLATED]

    def seen(self, code: str, scenario: P, times: int) -> Status:
        """Return the clause's first status other than held in so many runs of `scenario`; held if there is none."""
        verdicts = (self._again(code, scenario) for _ in range(times))
        statuses = (Status.INCONCLUSIVE if verdict is None else verdict.status for verdict in verdicts)
        return next((status for status in statuses if status is not Status.HELD), Status.HELD)

    def _tell(self, smaller: str = "") -> None:
        """Report the progress."""
        if self._watch is not None:
            exercised = sum(counts.total() > counts[Status.NOT_EXERCISED] for counts in self._statuses.values())
            self._watch(Progress(self.runs, self.planned, len(self._statuses), exercised, len(self._found), smaller))

    def _again(self, code: str, scenario: P) -> Verdict | None:
        """Return the verdict on the clause in one more run; None if there is none."""
        try:
            return self.trials.run(scenario).verdicts.of(code)
        except ClientError:
            return None

    def _breaks(self, code: str, scenario: P) -> bool:
        """Return whether the clause is violated in one more run."""
        verdict = self._again(code, scenario)
        return verdict is not None and verdict.is_root

    def _result(self, clause: Requirement, effort: Budget) -> ClauseResult:
        counts = self._statuses[clause.code]
        status = next((status for status in _PRECEDENCE if counts[status]), Status.NOT_EXERCISED)
        root = next((root for root, codes in self.trials.blurs.items() if root in self._found and clause.code in codes), "")
        if root and status is Status.VIOLATED:
            if clause.code in self._apart:
                self._found[clause.code] = self._apart[clause.code]
            else:
                status = Status.INCONCLUSIVE
                self._messages[clause.code, status] = _BLURRED.format(root)
        shown = status in {Status.INCONCLUSIVE, Status.NOT_EXERCISED}
        message = self._messages.get((clause.code, status), "") if shown else ""
        found = self._counterexample(clause.code, effort) if status is Status.VIOLATED else None
        if found is not None and (doubt := self._doubt(found, self._found[clause.code].trial)):
            status, message, found = Status.INCONCLUSIVE, f"{found.message}; but {doubt}", None
        return ClauseResult(
            code=clause.code,
            name=clause.name,
            status=status,
            exercised=counts.total() - counts[Status.NOT_EXERCISED],
            message=message,
            counterexample=found,
        )

    def _doubt(self, found: Counterexample, trial: Trial) -> str:
        """Return why a violation that did not happen again is uncertain, or "".

        In virtual time the same scenario leads to the same run. If it does not, then a pause of the machine, for example, was
        taken for the client's.
        """
        if found.reproduced:
            return ""
        if trial.ran.slow:
            return "it did not hang when the scenario was run again"
        return _ONCE.format(found.replays) if self.trials.clients.clock == "virtual" else ""

    def _counterexample(self, code: str, effort: Budget) -> Counterexample:
        first = witness = self._found[code]
        left = effort.shrinking

        def fails(scenario: P) -> bool:
            nonlocal witness, left
            self._tell(code)
            try:
                trial = self.trials.run(scenario)
            except ClientError:  # it fails in another way, which does not count
                left -= effort.hang
                return False
            left -= effort.hang if trial.ran.slow or trial.own_time else 1
            verdict = trial.verdicts.of(code)
            if verdict.is_root:
                witness = FailingRun(scenario, trial, verdict, first.number)
            return verdict.is_root

        _, minimal = shrink(first.scenario, fails, lambda: left > 0, self.trials.simpler)
        is_slow = witness.trial.ran.slow or bool(witness.trial.own_time)
        replays = min(effort.replays, 1) if is_slow else effort.replays
        reproduced = sum(self._breaks(code, again) for again in replayed(witness.scenario, replays))
        shown = witness.trial.shown()
        return Counterexample(
            message=witness.verdict.message,
            evidence=witness.verdict.evidence,
            trace=shown.trace,
            course=shown.course,
            scenario=witness.scenario,
            replays=replays or 1,
            reproduced=reproduced if replays else 1,
            shrunk_from=first.scenario.intents if effort.shrinking else None,
            found_on=first.number,
            minimal=minimal if effort.shrinking else None,
            output=witness.trial.ran.output,
            log=shown.log,
            line=next((shown.lines[one.seq] for one in reversed(witness.verdict.evidence) if one.seq in shown.lines), None),
        )
