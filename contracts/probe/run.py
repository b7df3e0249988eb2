"""From a provider to a report."""

from __future__ import annotations

from msgspec import Struct

from contracts.clauses.provider import PROVIDER_CLAUSES, ProviderClause
from contracts.judge import Status
from contracts.probe.lab import Lab
from contracts.probe.ledger import Ledger
from contracts.probe.machine import CLAUSES, explore
from contracts.probe.provider import Provider
from contracts.probe.shorten import shorten
from contracts.probe.trials import TRIALS, offered
from contracts.report.model import ClauseResult, Counterexample, Report
from contracts.verify.profiles import profile
from contracts.verify.run import select_from
from contracts.verify.stopwatch import Stopwatch

EXAMPLES = 100
EXAMPLES_WITHOUT_CONTROL = 5
"""Histories drawn where nobody says: few where they are left behind in somebody's service."""


class Options(Struct, frozen=True, kw_only=True):
    """How thorough a probe is. `examples` histories are drawn (None: as many as suit the provider) beside the directed trials;
    `seed` (None: a fresh one, or 0 under CI) draws them; only the clauses named (none: all). `shorten` looks for the shortest
    history of each that broke a clause."""

    examples: int | None = None
    seed: int | None = None
    clauses: tuple[str, ...] = ()
    shorten: bool = True


DEFAULT_OPTIONS = Options()


def probe(provider: Provider, options: Options = DEFAULT_OPTIONS) -> Report:
    """Judges a provider. Raises ProbeError where it cannot be probed, and UnknownClause."""
    stopwatch = Stopwatch()
    clauses = select_from(PROVIDER_CLAUSES, options.clauses)
    codes = {clause.code for clause in clauses}
    chance = profile().chance() if options.seed is None else options.seed
    lab = Lab(provider, Ledger(codes))
    _try(lab, codes)
    _draw(lab, codes, options, chance)
    results = tuple(_result(clause, lab.ledger) for clause in clauses)
    runs, elapsed = lab.ledger.runs, stopwatch.seconds()
    return Report(target=provider.name, subject="provider", clauses=results, seed=chance, examples=runs, elapsed_s=elapsed)


def _try(lab: Lab, codes: set[str]) -> None:
    offers = offered(lab.provider)
    for trial in TRIALS:
        if trial.clause in codes and trial.needs in offers:
            lab.run(trial.run, trial.policy if lab.has_control else {})


def _draw(lab: Lab, codes: set[str], options: Options, chance: int) -> None:
    usual = EXAMPLES if lab.has_control else EXAMPLES_WITHOUT_CONTROL
    number = usual if options.examples is None else options.examples
    if not number or codes.isdisjoint(CLAUSES):
        return
    known = set(lab.ledger.witnesses)
    scripts = explore(lab, number, chance)
    for code in sorted(set(scripts) - known) if options.shorten else ():
        shorten(lab, code, scripts[code])


def _result(clause: ProviderClause, ledger: Ledger) -> ClauseResult:
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
