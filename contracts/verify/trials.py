"""Runs of scenarios and their verdicts, whatever the platform; and those of the web chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from contracts.clauses import BLURS, judged
from contracts.clients.base import Clients
from contracts.judge import Case, Clause, Demand, Evidence, Judgement, Parameters, Verdicts, closeness
from contracts.output import OutputLine
from contracts.report.course import Course
from contracts.scenario import Played, Scenario
from contracts.verify.shrink import otherwise_scheduled, simpler
from contracts.verify.working import Working
from contracts.world import Run, World
from contracts.world.names import named, named_log
from mockserver.journal import Entry

P = TypeVar("P", bound=Played)


class Shown(NamedTuple):
    """What a report shows of a run: the web chat's trace or the course of events, and what the client wrote."""

    trace: tuple[Entry, ...] = ()
    course: Course | None = None
    log: tuple[OutputLine, ...] = ()


class Trial(Protocol):
    """A run of a scenario, with its verdicts.

    `slow`: the client hung, which took all the time or, if `flooded`, all the requests that it may have. `own_time` says why
    the client's own time was real; "" if it was not. `output` is what it wrote to stderr.
    """

    @property
    def verdicts(self) -> Verdicts: ...  # noqa: D102

    @property
    def slow(self) -> bool: ...  # noqa: D102

    @property
    def flooded(self) -> bool: ...  # noqa: D102

    @property
    def own_time(self) -> str: ...  # noqa: D102

    @property
    def output(self) -> str: ...  # noqa: D102

    def overlaps(self, evidence: Iterable[Evidence], /) -> bool:
        """Return whether the evidence is about messages that were sent at once with others."""
        ...

    def closeness(self) -> dict[str, float]:
        """Return how near the run came to violating each clause that can say so."""
        ...

    def shown(self) -> Shown:
        """Return what a report shows of it."""
        ...


class Trials(Protocol[P]):
    """Runs the clients of one target and judges each run by `demands`. `blurs` are as in `contracts.clauses.BLURS`."""

    @property
    def demands(self) -> Sequence[Demand]: ...  # noqa: D102

    @property
    def blurs(self) -> Mapping[str, Sequence[str]]: ...  # noqa: D102

    @property
    def clients(self) -> Clients: ...  # noqa: D102

    def run(self, scenario: P) -> Trial:
        """Run a scenario. Raises ClientError."""
        ...

    def check(self, scenario: P, trial: Trial) -> None:
        """Raise ClientError if the client has never worked."""
        ...

    def simpler(self, scenario: P) -> Iterator[P]:
        """Yield scenarios with one simplification each, the largest steps first."""
        ...


class _OfWebChat(NamedTuple):
    """A run against the web chat."""

    ran: Run
    verdicts: Judgement
    case: Case
    clauses: Sequence[Clause[Any]]

    @property
    def slow(self) -> bool:
        return self.ran.slow

    @property
    def flooded(self) -> bool:
        return self.ran.flooded

    @property
    def own_time(self) -> str:
        return self.verdicts.history.header.time or ""

    @property
    def output(self) -> str:
        return self.ran.output

    def overlaps(self, evidence: Iterable[Evidence]) -> bool:
        return self.verdicts.history.overlap(item.seq for item in evidence)

    def closeness(self) -> dict[str, float]:
        near = {clause.code: closeness(clause, self.case) for clause in self.clauses}
        return {code: value for code, value in near.items() if value is not None}

    def shown(self) -> Shown:
        trace, client_id = self.ran.trace, self.ran.client_id
        return Shown(trace=named(trace, client_id), log=named_log(self.ran.log(), trace, client_id))


class WebChatTrials:
    """Runs in a world of the web chat."""

    blurs = BLURS

    def __init__(self, world: World, clauses: Sequence[Clause[Any]], parameters: Parameters) -> None:
        self.demands, self.clients = clauses, world.clients
        self._world, self._parameters, self._working = world, parameters, Working(world)

    def run(self, scenario: Scenario) -> _OfWebChat:
        """See Trials."""
        ran = self._world.run(scenario)
        judgement = judged(ran.trace, self._parameters, self.demands)
        return _OfWebChat(ran, judgement, Case(judgement.history, self._parameters), self.demands)

    def check(self, scenario: Scenario, trial: Trial) -> None:
        """See Trials."""
        assert isinstance(trial, _OfWebChat)
        self._working.check(scenario, trial.ran)

    def simpler(self, scenario: Scenario) -> Iterator[Scenario]:
        """See Trials. If requests cannot be made to wait, no schedules are tried."""
        yield from simpler(scenario)
        if self.clients.clock == "virtual":
            yield from otherwise_scheduled(scenario)
