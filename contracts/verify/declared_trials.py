"""Runs of scenarios against a mock of a declared platform, with their verdicts; and their simplifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from contracts.clients.base import Clients
from contracts.clients.errors import ClientError
from contracts.judge import Clause, Parameters, Requirement
from contracts.protocol.course import CourseOfRun
from contracts.protocol.judge import judge
from contracts.protocol.runner import ProtocolRunner
from contracts.protocol.scenario import Advance, DeclaredScenario, Do, During, Inject, Step, Together
from contracts.protocol.trace import DeclaredTrace
from contracts.runner import Ran
from contracts.verify.shrink import NICE_SECONDS, RACES, each_left_out, plainer, without
from contracts.verify.trials import Shown, Trial
from mockserver.platform.model import Platform


class ClientNeverWorked(ClientError):
    """A client fails a unit of work in a scenario without trouble. `error` is its report.

    `way_in` says how to reach the platform, if no request did.
    """

    def __init__(self, unit: str, error: str, output: str, way_in: str = "") -> None:
        last = output.strip().splitlines()[-1:] or [""]
        words = f": {last[0]}" if last[0] else ""
        words += f"; no request of the client reached the mock; to reach it, {way_in}" if way_in else ""
        super().__init__(f"the client cannot do {unit} though nothing goes wrong: {error or 'it gave no reason'}{words}")
        self.unit, self.error, self.output = unit, error, output


class DeclaredTrials:
    """Runs of the clients of a declared platform; see `contracts.verify.trials.Trials`."""

    blurs: Mapping[str, Sequence[str]] = {}

    def __init__(
        self, runner: ProtocolRunner, clauses: Sequence[Clause], parameters: Parameters, *, may_fail: bool = False
    ) -> None:
        """`may_fail`: a client that fails in peace is judged nevertheless."""
        self._runner, self._clauses, self._parameters = runner, clauses, parameters
        self.clients: Clients = runner.clients
        self.demands: Sequence[Requirement] = clauses
        self._may_fail = may_fail

    def run(self, scenario: DeclaredScenario) -> Trial:
        """See Trials."""
        ran, platform = self._runner.run(scenario), self._runner.platform
        verdicts = judge(platform, ran.trace, self._parameters, self._clauses)
        shown = partial(_shown, platform, ran)
        return Trial(ran, verdicts, shown, own_time=self.clients.note)

    def check(self, scenario: DeclaredScenario, trial: Trial) -> None:
        """See Trials. A client that fails in peace has not worked, unless it has broken a clause."""
        self._may_fail = self._may_fail or bool(trial.verdicts.violated)
        if all(isinstance(step, Do) and not step.during for step in scenario.steps) and not self._may_fail:
            trace = trial.ran.trace
            failed = next((unit for unit in trace.units if unit.outcome != "accepted"), None)
            if failed is not None:
                way_in = "" if trace.exchanges else self.clients.way_in
                raise ClientNeverWorked(failed.name, failed.error or trial.ran.hung, trial.ran.output, way_in)

    def simpler(self, scenario: DeclaredScenario) -> Iterator[DeclaredScenario]:
        """See Trials."""
        steps = scenario.steps
        yield from (replace(scenario, steps=left) for left in without(steps))
        yield from plainer(scenario)
        for place, step in enumerate(steps):
            for instead in _simpler(step, scheduled=self.clients.clock == "virtual"):
                yield replace(scenario, steps=(*steps[:place], *instead, *steps[place + 1 :]))


def _shown(platform: Platform, ran: Ran[DeclaredTrace]) -> Shown:
    lines = {one.number: ran.lines[one.context_id] for one in ran.trace.exchanges if one.context_id in ran.lines}
    return Shown(course=CourseOfRun(platform, ran.trace), log=ran.log(), lines=lines)


def _simpler(step: Step, *, scheduled: bool) -> Iterator[tuple[Step, ...]]:
    match step:
        case Do(during=during):
            for trigger, fewer in zip(during, each_left_out(during), strict=True):
                yield (trigger.then, replace(step, during=fewer))
                yield (replace(step, during=fewer), trigger.then)
            yield from ((replace(step, during=fewer),) for fewer in without(during))
            yield from ((replace(step, during=simpler),) for simpler in _sooner(during))
        case Together(units, schedule):
            yield from ((unit,) for unit in units)
            for left in without(units) if len(units) > 2 else ():
                if len(left) > 1:
                    yield (Together(left, schedule),)
                    yield from ((Together(left, race),) for race in ((), *RACES) if scheduled)
            yield from ((Together(units, shorter),) for shorter in without(schedule))
        case Advance(seconds):
            yield from ((Advance(nice),) for nice in (*NICE_SECONDS, float(int(seconds))) if nice < seconds)
        case Inject():
            yield from ((simpler,) for simpler in _simpler_fault(step))


def _sooner(during: tuple[During, ...]) -> Iterator[tuple[During, ...]]:
    for place, trigger in enumerate(during):
        for nth in (1, trigger.nth - 1) if trigger.nth > 1 else ():
            yield (*during[:place], replace(trigger, nth=nth), *during[place + 1 :])


def _simpler_fault(step: Inject) -> Iterator[Inject]:
    fault = step.fault
    if step.skip:
        yield from (replace(step, skip=skip) for skip in (0, step.skip - 1))
    if fault.times is None or fault.times > 1:
        yield from (replace(step, fault=replace(fault, times=times)) for times in {1, (fault.times or 2) - 1})
    if fault.after_acting:
        yield replace(step, fault=replace(fault, after_acting=False))
    if fault.retry_after:
        yield replace(step, fault=replace(fault, retry_after=None))
