"""Verifies or replays clients with given options, and makes the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from contracts.clauses import CLAUSES
from contracts.clients.base import Clients
from contracts.generate import Extent, Limits
from contracts.judge import DEFAULTS, Clause, Parameters
from contracts.judge.selection import select_from
from contracts.profiles import Pace, profile, walk_extent
from contracts.report.model import ClauseResult, Report, Walked
from contracts.runner import Runner
from contracts.scenario import P, Scenario, load
from contracts.verify import rerun_options
from contracts.verify.collector import seldom_collected
from contracts.verify.corpus import Corpus
from contracts.verify.expected import NOTHING, ExpectedFailures, expecting
from contracts.verify.explore import Drawing, explore
from contracts.verify.search import AS_FOUND, Budget, Search, Watch, replayed
from contracts.verify.stopwatch import Stopwatch
from contracts.verify.trials import MessageTrials

EFFORTS: dict[Pace, Budget] = {
    "object": Budget(shrinking=600, replays=10),
    "process": Budget(shrinking=60, replays=3),
    "real": Budget(shrinking=60, replays=3, hang=8),
}

IN_REAL_TIME = "in real time, because the client cannot be in virtual time: {}; so races and long waits are tested less"


class Options(Struct, frozen=True, kw_only=True):
    """The extent of a verification.

    `examples`: scenarios to draw; `seed`: their seed; both default to the profile's. `walk`: the extent of the walk before
    them; by default that of the variable `DAYFLY_WALK`, else everything, and few scenarios for a process.
    `clauses`: the clauses to judge (none: all). `corpus` saves counterexamples, which are tried first; `corpus_keep` keeps
    those that no longer fail. `expected`: violations that are known. `effort`: the budget of a counterexample; by default
    that of the clients' pace.
    """

    examples: int | None = None
    seed: int | None = None
    walk: Extent | None = None
    profile: str | None = None
    clauses: tuple[str, ...] = ()
    parameters: Parameters = DEFAULTS
    corpus: Path | None = None
    corpus_keep: bool = False
    expected: ExpectedFailures = NOTHING
    effort: Budget | None = None


DEFAULT_OPTIONS = Options()


def verify(target: str, clients: Clients, options: Options = DEFAULT_OPTIONS, watch: Watch | None = None) -> Report:
    """Verify the clients of `target`. `watch` is called after every run. Raises ContractsError if that is not possible.

    If it is interrupted, the report has the findings so far.
    """
    clauses, corpus = select(options.clauses), None if options.corpus is None else Corpus(options.corpus, target, load)
    drawing, virtual = _drawing(clients, options), clients.clock == "virtual"
    limits = Limits(virtual=virtual, schedules=virtual, max_age=options.parameters.max_age)
    kept = [] if corpus is None else corpus.scenarios
    with Runner(clients, options.parameters.idempotency_key) as world:
        world.check()
        campaign = Search(MessageTrials(world, clauses, options.parameters), watch)
        report = searched(target, campaign, lambda: explore(campaign, kept, limits, drawing), options, corpus)
    walked = campaign.walked
    return replace(
        report,
        seed=drawing.chance,
        drawn=drawing.examples,
        walked=None if drawing.extent == "off" else Walked(walked["single"], walked["pair"], walked["else"], walked["drawn"]),
        drawing=rerun_options.drawing(options.clauses, drawing.examples, pace(clients), options.walk),
    )


def _drawing(clients: Clients, options: Options) -> Drawing:
    chosen = profile(options.profile)
    return Drawing(
        examples=chosen.examples(pace(clients)) if options.examples is None else options.examples,
        chance=chosen.chance() if options.seed is None else options.seed,
        extent=options.walk or walk_extent() or ("short" if clients.is_process else None),
    )


def searched(
    target: str, campaign: Search[P], search: Callable[[], None], options: Options, corpus: Corpus[P] | None
) -> Report:
    """Have `search` examine scenarios, minimize what was found, and keep the corpus; return a report."""
    stopwatch, clients = Stopwatch(), campaign.trials.clients
    effort = options.effort or EFFORTS[pace(clients)]
    results, interrupted = _found(campaign, search, effort)
    prunes = corpus is not None and not interrupted and not options.corpus_keep
    removed, stays = _pruned(campaign, corpus, effort) if corpus is not None and prunes else ((), ())
    saved = results if corpus is None else corpus.save(results)
    return Report(
        target=target,
        clauses=expecting(saved, target, options.expected),
        examples=campaign.runs,
        elapsed_s=stopwatch.seconds(),
        delivery=options.parameters.delivery,
        contract=rerun_options.contract(options.parameters),
        removed=removed,
        stays=stays,
        unkept=() if corpus is None else corpus.unkept,
        stopped=campaign.stopped,
        real_time=campaign.why_real_time or _real_time(clients),
        interrupted=interrupted,
    )


def pace(clients: Clients) -> Pace:
    """Return how fast scenarios can be run."""
    if clients.clock != "virtual":
        return "real"
    return "process" if clients.is_process else "object"


def _real_time(clients: Clients) -> str:
    """Return the line of a report that says why its clients were in real time, if they might have been in virtual time."""
    return IN_REAL_TIME.format(clients.real_time) if clients.real_time else ""


def _found(campaign: Search[P], search: Callable[[], None], effort: Budget) -> tuple[tuple[ClauseResult, ...], bool]:
    """Return the results of the clauses, and whether the run was interrupted."""
    try:
        with seldom_collected():
            search()
        return campaign.results(effort), False
    except KeyboardInterrupt:
        if not campaign.runs:
            raise
        return campaign.results(AS_FOUND), True


def _pruned(campaign: Search[P], corpus: Corpus[P], effort: Budget) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove the files of scenarios that no longer fail; none for a client that hangs, because it cannot be judged.

    Return those files, and a line for each that stays.
    """
    codes = [demand.code for demand in campaign.trials.demands]
    if campaign.hung or campaign.flooded:
        return (), ()
    return corpus.prune(codes, lambda code, kept: campaign.seen(code, kept, effort.replays))


def replay(target: str, clients: Clients, scenario: Scenario, options: Options = DEFAULT_OPTIONS, times: int = 1) -> Report:
    """Run one scenario `times` times, and report as `verify` does; nothing is drawn or minimized."""
    with Runner(clients, options.parameters.idempotency_key) as world:
        campaign = Search(MessageTrials(world, select(options.clauses), options.parameters))
        return played_again(target, campaign, scenario, options, times)


def played_again(target: str, campaign: Search[P], scenario: P, options: Options, times: int) -> Report:
    """Run one scenario `times` times; return a report."""
    stopwatch = Stopwatch()
    for one in replayed(scenario, times):
        campaign.examine(one)
    results = [_as_replayed(result, times, campaign.broken(result.code)) for result in campaign.results(AS_FOUND)]
    return Report(
        target=target,
        clauses=expecting(results, target, options.expected.lenient()),
        examples=times,
        elapsed_s=stopwatch.seconds(),
        delivery=options.parameters.delivery,
        contract=rerun_options.contract(options.parameters),
        real_time=campaign.why_real_time or _real_time(campaign.trials.clients),
    )


def _as_replayed(result: ClauseResult, times: int, broken: int) -> ClauseResult:
    """Count the violations of a replayed scenario, which was not found in any run."""
    found = result.counterexample
    if found is None:
        return result
    return replace(result, counterexample=replace(found, found_on=None, replays=times, reproduced=broken))


def select(codes: Sequence[str]) -> tuple[Clause, ...]:
    """Return the clauses of these codes, in the catalogue's order; all if there are none. Raises UnknownClause."""
    return select_from(CLAUSES, codes)
