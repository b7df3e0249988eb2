"""Runs of scenarios and their verdicts, whatever the platform; and those of clients that send messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from contracts.clauses import BLURS, judged
from contracts.clients.base import Clients
from contracts.judge import Case, Clause, Evidence, Parameters, Requirement, Verdicts, closeness
from contracts.output import OutputLine
from contracts.report.course import Course
from contracts.runner import Ran, Runner
from contracts.runner.names import named, named_log
from contracts.scenario import P, Scenario
from contracts.verify.shrink import otherwise_scheduled, simpler
from contracts.verify.working import Working
from mockserver.journal import Answer, Arrival, Entry


class Shown(NamedTuple):
    """What a report shows of a run: the trace or the course of events, and what the client wrote.

    `lines` are the client's lines that made requests, by the numbers that evidence has.
    """

    trace: tuple[Entry, ...] = ()
    course: Course | None = None
    log: tuple[OutputLine, ...] = ()
    lines: Mapping[int, tuple[str, int]] = {}


@dataclass(frozen=True)
class Trial:
    """A run of a scenario, with its verdicts.

    `own_time` says why the client's own time was real; "" if it was not. `overlaps` tells whether evidence is about messages
    that were sent at once with others, `closeness` how near the run came to violating each clause that can say so. `shown`
    returns what a report shows of it.
    """

    ran: Ran[Any]
    verdicts: Verdicts
    shown: Callable[[], Shown]
    own_time: str = ""
    overlaps: Callable[[Iterable[Evidence]], bool] = lambda _: False
    closeness: Callable[[], dict[str, float]] = dict


class Trials(Protocol[P]):
    """Runs the clients of one target and judges each run by `demands`. `blurs` are as in `contracts.clauses.BLURS`."""

    clients: Clients
    demands: Sequence[Requirement]
    blurs: Mapping[str, Sequence[str]]

    def run(self, scenario: P) -> Trial:
        """Run a scenario. Raises ClientError."""

    def check(self, scenario: P, trial: Trial) -> None:
        """Raise ClientError if the client has never worked."""

    def simpler(self, scenario: P) -> Iterator[P]:
        """Yield scenarios with one simplification each, the largest steps first."""


class MessageTrials:
    """Runs of clients that send messages."""

    blurs: Mapping[str, Sequence[str]] = BLURS

    def __init__(self, world: Runner, clauses: Sequence[Clause], parameters: Parameters) -> None:
        self.clients: Clients = world.clients
        self.demands: Sequence[Requirement] = clauses
        self._world, self._clauses, self._parameters, self._working = world, clauses, parameters, Working(world)

    def run(self, scenario: Scenario) -> Trial:
        """See Trials."""
        ran = self._world.run(scenario)
        judgement = judged(ran.trace, self._parameters, self._clauses)
        history = judgement.history
        return Trial(
            ran,
            judgement,
            shown=lambda: _shown(ran),
            own_time=history.header.time or "",
            overlaps=lambda evidence: history.overlap(item.seq for item in evidence),
            closeness=lambda: self._closeness(Case(history, self._parameters)),
        )

    def _closeness(self, case: Case) -> dict[str, float]:
        near = {clause.code: closeness(clause, case) for clause in self._clauses}
        return {code: value for code, value in near.items() if value is not None}

    def check(self, scenario: Scenario, trial: Trial) -> None:
        """See Trials."""
        self._working.check(scenario, trial.ran)

    def simpler(self, scenario: Scenario) -> Iterator[Scenario]:
        """See Trials. If requests cannot be made to wait, no schedules are tried."""
        yield from simpler(scenario)
        if self.clients.clock == "virtual":
            yield from otherwise_scheduled(scenario)


def _shown(ran: Ran[tuple[Entry, ...]]) -> Shown:
    log = named_log(ran.log(), ran.trace, ran.client_id)
    requests = (entry for entry in ran.trace if isinstance(entry, Arrival | Answer))
    lines = {entry.seq: ran.lines[entry.context_id] for entry in requests if entry.context_id in ran.lines}
    return Shown(named(ran.trace, ran.client_id), log=log, lines=lines)
