"""Probes a provider, and makes the report."""

from __future__ import annotations

from msgspec import Struct

from contracts.clauses.provider import PROVIDER_CLAUSES, ProviderClause
from contracts.errors import ContractsError
from contracts.judge import Status
from contracts.judge.selection import select_from
from contracts.probe.judging import Results
from contracts.probe.machine import CLAUSES, explore, shorten
from contracts.probe.provider import Provider
from contracts.probe.runner import ProbeRunner
from contracts.probe.trials import TRIALS, offered
from contracts.profiles import profile
from contracts.report.model import ClauseResult, Counterexample, Report
from contracts.verify.stopwatch import Stopwatch

EXAMPLES = 100
EXAMPLES_WITHOUT_CONTROL = 5
"""Default numbers of histories. The second is small, because these histories stay behind in a real service."""


class BrokenOff(ContractsError):
    """The provider could not be probed any further, because of a `problem`; `report` has the findings so far."""

    def __init__(self, report: Report, problem: ContractsError) -> None:
        super().__init__(str(problem))
        self.report = report


class ProbeOptions(Struct, frozen=True, kw_only=True):
    """The extent of a probe.

    `examples`: histories to draw besides the directed trials (None: by the kind of provider). `seed`: their seed (None: a fresh
    one, or 0 if CI is set). `clauses`: the clauses to judge (none: all). `shorten`: minimize histories that violated a clause.
    """

    examples: int | None = None
    seed: int | None = None
    clauses: tuple[str, ...] = ()
    shorten: bool = True


DEFAULT_OPTIONS = ProbeOptions()


def probe(provider: Provider, options: ProbeOptions = DEFAULT_OPTIONS) -> Report:
    """Judge a provider. If it is interrupted, the report has the findings so far.

    Raises ProbeError if it cannot be probed, BrokenOff if that shows only after something has been found, and UnknownClause.
    """
    stopwatch = Stopwatch()
    clauses = select_from(PROVIDER_CLAUSES, options.clauses)
    codes = {clause.code for clause in clauses}
    chance = profile().chance() if options.seed is None else options.seed
    lab, ended = ProbeRunner(provider, Results(codes)), None
    try:
        _try(lab, codes)
        _draw(lab, codes, options, chance)
    except (ContractsError, KeyboardInterrupt) as error:
        if not lab.ledger.witnesses or lab.ledger.runs == 1:  # without one complete run it may not even be the right provider
            raise
        ended = error
    report = Report(
        target=provider.name,
        subject="provider",
        clauses=tuple(_result(clause, lab.ledger) for clause in clauses),
        seed=chance,
        examples=lab.ledger.runs,
        elapsed_s=stopwatch.seconds(),
        interrupted=ended is not None,
    )
    if isinstance(ended, ContractsError):
        raise BrokenOff(report, ended) from ended
    return report


def _try(lab: ProbeRunner, codes: set[str]) -> None:
    offers = offered(lab.provider)
    for trial in TRIALS:
        if trial.clause in codes and trial.needs in offers:
            lab.run(trial.run, trial.policy if lab.has_control else {})


def _draw(lab: ProbeRunner, codes: set[str], options: ProbeOptions, chance: int) -> None:
    usual = EXAMPLES if lab.has_control else EXAMPLES_WITHOUT_CONTROL
    number = usual if options.examples is None else options.examples
    if not number or codes.isdisjoint(CLAUSES):
        return
    known = set(lab.ledger.witnesses)
    scripts = explore(lab, number, chance)
    for code in sorted(set(scripts) - known) if options.shorten else ():
        shorten(lab, code, scripts[code])


def _result(clause: ProviderClause, ledger: Results) -> ClauseResult:
    exercised, witness = ledger.exercised[clause.code], ledger.witnesses.get(clause.code)
    if witness is not None:
        found = Counterexample(
            message=witness.message,
            evidence=witness.evidence,
            trace=witness.trace,
            found_on=witness.number,
            minimal=witness.minimal,
        )
        return ClauseResult(
            code=clause.code, name=clause.name, status=Status.VIOLATED, exercised=exercised, counterexample=found
        )
    if exercised:
        return ClauseResult(code=clause.code, name=clause.name, status=Status.HELD, exercised=exercised)
    needs = f"needs {clause.needs}" if clause.needs else ""
    return ClauseResult(code=clause.code, name=clause.name, status=Status.NOT_EXERCISED, message=needs)
