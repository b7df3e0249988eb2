"""From clients and options to a report."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from contracts import scenario as scenarios
from contracts.clauses import CLAUSES
from contracts.clients.base import Clients
from contracts.generate import Limits
from contracts.judge import DEFAULTS, Clause, Demand, Parameters
from contracts.report.model import ClauseResult, Report
from contracts.scenario import Scenario
from contracts.verify.campaign import Campaign, Effort
from contracts.verify.errors import UnknownClause
from contracts.verify.explore import explore
from contracts.verify.stopwatch import Stopwatch
from contracts.world import World

D = TypeVar("D", bound=Demand)

IN_PROCESS = Effort(shrinking=600, replays=10)
PROCESSES = Effort(shrinking=60, replays=3)
EXAMPLES = {"virtual": 100, "wall": 30}
"""How many scenarios are drawn where nobody says: fewer where waits are real."""


class Options(Struct, frozen=True, kw_only=True):
    """How thorough a verification is. `examples` drawn scenarios (None: as many as suit the client); `seed` (None: a fresh one,
    or 0 under CI); only the clauses named (none: all); `corpus`: counterexamples are kept there, and tried first."""

    examples: int | None = None
    seed: int | None = None
    clauses: tuple[str, ...] = ()
    parameters: Parameters = DEFAULTS
    corpus: Path | None = None


DEFAULT_OPTIONS = Options()


def verify(target: str, clients: Clients, options: Options = DEFAULT_OPTIONS) -> Report:
    """Verifies the clients of `target`. Raises ContractsError where that cannot be done."""
    clauses = select(options.clauses)
    chance = options.seed if options.seed is not None else fresh_seed()
    examples = EXAMPLES[clients.clock] if options.examples is None else options.examples
    kept = [] if options.corpus is None else [scenario for _, scenario in scenarios.corpus(options.corpus)]
    stopwatch = Stopwatch()
    with World(clients) as world:
        world.check()
        campaign = Campaign(world, clauses, options.parameters)
        explore(campaign, kept, _limits(clients, options.parameters), examples, chance)
        results = campaign.results(_effort(clients))
    saved, elapsed, delivery = _saved(results, options.corpus), stopwatch.seconds(), options.parameters.delivery
    return Report(target=target, clauses=saved, seed=chance, examples=campaign.runs, elapsed_s=elapsed, delivery=delivery)


def replay(target: str, clients: Clients, scenario: Scenario, options: Options = DEFAULT_OPTIONS, times: int = 1) -> Report:
    """Runs one scenario `times` times, and reports as `verify` does; nothing is drawn or made smaller."""
    stopwatch = Stopwatch()
    with World(clients) as world:
        campaign = Campaign(world, select(options.clauses), options.parameters)
        for _ in range(times):
            campaign.examine(scenario)
        results = campaign.results(Effort(shrinking=0, replays=times))
    elapsed, delivery = stopwatch.seconds(), options.parameters.delivery
    return Report(target=target, clauses=results, examples=times, elapsed_s=elapsed, delivery=delivery)


def select(codes: Sequence[str]) -> tuple[Clause[Any], ...]:
    """The clauses of these codes, in the catalogue's order; all where none is named. Raises UnknownClause."""
    return select_from(CLAUSES, codes)


def select_from(catalogue: Sequence[D], codes: Sequence[str]) -> tuple[D, ...]:
    """The same for any catalogue."""
    known = [clause.code for clause in catalogue]
    for code in codes:
        if code.upper() not in known:
            raise UnknownClause(code, known)
    wanted = {code.upper() for code in codes} or set(known)
    return tuple(clause for clause in catalogue if clause.code in wanted)


def fresh_seed() -> int:
    """What draws where nobody says: something else each time, and the same always under CI."""
    return 0 if os.environ.get("CI") else random.SystemRandom().getrandbits(32)


def _limits(clients: Clients, parameters: Parameters) -> Limits:
    virtual = clients.clock == "virtual"
    return Limits(virtual=virtual, schedules=virtual, max_age=parameters.max_age)


def _effort(clients: Clients) -> Effort:
    return IN_PROCESS if clients.clock == "virtual" else PROCESSES


def _saved(results: Sequence[ClauseResult], corpus: Path | None) -> tuple[ClauseResult, ...]:
    """The results, each counterexample saved in the corpus, where there is one."""
    return tuple(result if corpus is None else _save(result, corpus) for result in results)


def _save(result: ClauseResult, corpus: Path) -> ClauseResult:
    found = result.counterexample
    if found is None or found.scenario is None:
        return result
    titled = replace(found.scenario, title=found.message)
    path = scenarios.save(titled, corpus, result.code)
    return replace(result, counterexample=replace(found, file=str(path)))
