"""Judges a recording, in every reading of it that makes sense.

A recording may leave open in which order requests came, if its time stamps are coarse, and which of them are for one message. A
clause is violated only if it is in all of these readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contracts.clauses import judged
from contracts.har.extent import Extent
from contracts.history import UnitReading
from contracts.history.build import build_history
from contracts.history.inference import readings
from contracts.history.validate import well_formed
from contracts.judge import Breach, Clause, Evidence, Judgement, Parameters, Status, Verdict
from contracts.report.model import ClauseResult, Counterexample, Report, Source
from contracts.verify.expected import expecting
from contracts.verify.run import DEFAULT_OPTIONS, Options, select
from contracts.verify.search import settled
from contracts.verify.stopwatch import Stopwatch
from mockserver.journal import Began, Entry

OF_IDS = frozenset({"S1", "S2", "S3", "S4", "R1", "R2"})
"""The clauses that depend on session ids."""

OF_TOKENS = frozenset({"A1", "A2", "A3", "A4"})
"""The clauses that depend on tokens."""

MOST_TOLD = 20
"""The most further violations of a clause that are listed one by one."""


def check(
    target: str,
    entries: Sequence[Entry],
    options: Options = DEFAULT_OPTIONS,
    extent: Extent | None = None,
    source: Source = "recording",
    in_other_order: Sequence[Entry] | None = None,
) -> Report:
    """Judge a recorded trace. `target` and `source` say where it came from, `extent` how much of it was read.

    If the order of some requests is unknown, `in_other_order` is the trace with these the other way round: a clause is violated
    only if it is in both. Raises TraceMalformed.
    """
    stopwatch, clauses = Stopwatch(), select(options.clauses)
    inferring = _Inferring(options.parameters.one_shot, source == "test")
    views = list(_views(tuple(entries), in_other_order, options.parameters, clauses, inferring))
    results = [_result(clause, views, extent) for clause in clauses]
    reading = views[0].reading
    return Report(
        target=target,
        clauses=expecting(results, target, options.expected),
        source=source,
        elapsed_s=stopwatch.seconds(),
        delivery=options.parameters.delivery,
        extent="" if extent is None else extent.words,
        recording=extent,
        inferred=0 if reading is None else len(reading.units),
    )


class _Inferring(NamedTuple):
    """Settings for inferring messages: whether each has its own process, and whether a test asked for them."""

    one_shot: bool
    scripted: bool

    def readings(self, trace: tuple[Entry, ...]) -> Sequence[UnitReading | None]:
        """Return the readings of a trace; only None if the trace records the messages."""
        if any(isinstance(entry, Began) for entry in trace):
            return (None,)
        return readings(build_history(well_formed(trace)), one_shot=self.one_shot, scripted=self.scripted)


class _View(NamedTuple):
    """One reading of a recording, and the judgement on it. `doubt` says what else may be true."""

    trace: tuple[Entry, ...]
    reading: UnitReading | None
    judgement: Judgement
    doubt: str

    def about(self, breach: Breach) -> tuple[str, ...]:
        """Return the requests of a breach by their contextIds, because entries have other numbers in another order."""
        calls = self.judgement.history.by_seq
        return tuple(calls[item.seq].arrival.context_id if item.seq in calls else str(item.seq) for item in breach.evidence)


ORDER = "requests with the same stamp came in another order"
MESSAGES = "these requests are for several messages, as when a person tries again"


def _views(
    trace: tuple[Entry, ...],
    other: Sequence[Entry] | None,
    parameters: Parameters,
    clauses: Sequence[Clause],
    inferring: _Inferring,
) -> Iterator[_View]:
    """Yield the finest reading first; each order of the requests has its own readings."""
    for doubt, entries in (("", trace), *([] if other is None else [(ORDER, tuple(other))])):
        for nth, reading in enumerate(inferring.readings(entries)):
            judgement = judged(entries, parameters, clauses, reading)
            yield _View(entries, reading, judgement, MESSAGES if nth else doubt)


def _result(clause: Clause, views: Sequence[_View], extent: Extent | None) -> ClauseResult:
    first = views[0]
    verdicts = [view.judgement.of(clause.code) for view in views]
    if all(verdict.is_root for verdict in verdicts):
        common = _common(clause.code, views)
        if common:
            found = _counterexample(common, first)
            return ClauseResult(code=clause.code, name=clause.name, status=Status.VIOLATED, exercised=1, counterexample=found)
    status, message = _undecided(views, verdicts)
    masked = "" if extent is None else _masked(clause.code, extent)
    if masked and (status is Status.NOT_EXERCISED or (status is Status.HELD and clause.code in OF_TOKENS)):
        status, message = Status.NOT_EXERCISED, masked
    return ClauseResult(
        code=clause.code,
        name=clause.name,
        status=status,
        exercised=int(status is not Status.NOT_EXERCISED),
        message=message,
        unjudged=status is Status.NOT_EXERCISED
        and (bool(masked) or (clause.needs_report == "all" and first.reading is not None)),
    )


def _common(code: str, views: Sequence[_View]) -> list[Breach]:
    """Return the breaches in the first view that every other view has too: at the same request, or between the same ones."""
    first, *rest = views
    found = first.judgement.breaches(code)
    for view in rest:
        about = [view.about(breach) for breach in view.judgement.breaches(code)]
        last, same = {names[-1:] for names in about}, {frozenset(names) for names in about}
        names = {id(breach): first.about(breach) for breach in found}
        found = [breach for breach in found if names[id(breach)][-1:] in last or frozenset(names[id(breach)]) in same]
    return found


def _counterexample(breaches: Sequence[Breach], view: _View) -> Counterexample:
    first, *rest = breaches
    others = tuple(Evidence(breach.evidence[-1].label, breach.evidence[-1].seq) for breach in rest if breach.evidence)
    return Counterexample(
        message=first.message,
        evidence=first.evidence,
        trace=view.trace,
        times=len(breaches),
        others=others[:MOST_TOLD],
        reading=view.reading,
    )


def _undecided(views: Sequence[_View], verdicts: Sequence[Verdict]) -> tuple[Status, str]:
    """Return the end of a clause that is not violated in every reading: the most serious one, if it means anything."""
    violated = [verdict for verdict in verdicts if verdict.is_root]
    if violated:
        others = (view.doubt for view, verdict in zip(views, verdicts, strict=True) if not verdict.is_root)
        doubt = next((doubt for doubt in others if doubt), MESSAGES if len(views) > 1 else "")
        return Status.INCONCLUSIVE, f"{violated[0].message}, unless {doubt}" if doubt else violated[0].message
    ends = [settled(verdict) for verdict in verdicts]
    for status in (Status.INCONCLUSIVE, Status.HELD):
        found = next((end for end in ends if end[0] is status), None)
        if found is not None:
            return found
    return ends[0]


def _masked(code: str, extent: Extent) -> str:
    """Return why a clause cannot be judged, if a tool has masked what it depends on; else ""."""
    if code in OF_IDS and extent.masked:
        return "the session ids of this recording are masked"
    return "the tokens of this recording are masked" if code in OF_TOKENS and extent.masked_tokens else ""
