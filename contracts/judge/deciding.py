"""Decides one clause: finds the first certain breach in a history, and says what makes others uncertain."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from contracts.history import CLOCKED, History
from contracts.judge.clause import Breach, Case, Clause
from contracts.judge.verdicts import Status, Verdict


def verdict(clause: Clause, case: Case) -> Verdict:
    """Fold one clause over the history. The first certain breach decides."""
    spared = _spared(clause, case)
    if spared:
        return Verdict(clause.code, Status.NOT_EXERCISED, spared)
    exercised, doubt = False, None
    for mark in clause.marks(case):
        exercised = True
        if isinstance(mark, Breach):
            breach = _doubted(mark, clause, case.history)
            why = _doubt(clause, breach, case)
            if why is None:
                return Verdict(clause.code, Status.VIOLATED, breach.message, breach.evidence)
            doubt = doubt or Verdict(clause.code, Status.INCONCLUSIVE, breach.message + why, breach.evidence)
    if doubt is not None:
        return doubt
    if exercised and clause.own_time and case.history.header.time:
        return Verdict(clause.code, Status.INCONCLUSIVE, case.history.header.time)
    return Verdict(clause.code, Status.HELD if exercised else Status.NOT_EXERCISED)


def _doubt(clause: Clause, breach: Breach, case: Case) -> str | None:
    """Return what to add to the message of an uncertain breach; None if the breach is certain."""
    header = case.history.header
    if clause.own_time and header.time:
        return f", or so it looks: {header.time}"
    if clause.own_time and not case.history.doubted.isdisjoint(item.seq for item in breach.evidence):
        return f", or so it looks: {ASIDE}"
    if breach.certain and header.clock not in clause.clocks:
        return f"; uncertain, because {MOVED_CLOCK if _is_moved(clause, breach, case.history) else OFF_CLOCK}"
    return None if breach.certain else ""


def _is_moved(clause: Clause, breach: Breach, history: History) -> bool:
    """Return whether the clock was moved between the calls of the evidence, or only a clock that was moved leaves a doubt."""
    return "wall" in clause.clocks or not CLOCKED.isdisjoint(_changes_within(breach, history))


def _changes_within(breach: Breach, history: History) -> set[str]:
    """Return what changed in the world between the first and the last piece of evidence."""
    seqs = sorted(item.seq for item in breach.evidence)
    return {change.entry.what for change in history.changes if seqs and seqs[0] < change.entry.seq < seqs[-1]}


MOVED_CLOCK = "the platform's clock was moved or stood still, so the times are not the client's"
"""The reason for a doubt if a time is as the control API made it."""

OFF_CLOCK = "times were read from a real clock, and a pause of the machine or the network may be a part of them"
"""The reason for a doubt if only virtual time would show that the client itself was too slow or too fast."""


ASIDE = "an answer came late, and the message may no longer have waited for it"
"""The reason for a doubt if the client's own deadline may have passed before an answer came."""


def certain_breaches(clause: Clause, case: Case) -> Iterator[Breach]:
    """Yield the breaches of the clause that are certain."""
    found = (_doubted(mark, clause, case.history) for mark in clause.marks(case) if isinstance(mark, Breach))
    return (breach for breach in found if _doubt(clause, breach, case) is None)


def _doubted(breach: Breach, clause: Clause, history: History) -> Breach:
    """Return the breach, uncertain if it rests on a request whose message, or whose time of leaving, is uncertain."""
    why = ""
    if clause.needs_intents and history.doubts:
        why = next((history.doubts[item.seq] for item in breach.evidence if item.seq in history.doubts), "")
    if not why and clause.is_reaction and _had_left(breach, history):
        why = "the request was on its way before that answer came back"
    if not why and clause.is_reaction and clause.needs_intents and "restart_client" in _changes_within(breach, history):
        why = "the client was restarted in between, and may not know of that answer"
    return replace(breach, message=f"{breach.message}; uncertain, because {why}", certain=False) if why else breach


def _had_left(breach: Breach, history: History) -> bool:
    """Return whether the last call in the evidence was already under way when one of the others came back."""
    named = [history.by_seq[item.seq] for item in breach.evidence if item.seq in history.by_seq]
    if not named:
        return False
    return any(named[-1].departed_before(other) for other in named[:-1])


def closeness(clause: Clause, case: Case) -> float | None:
    """Return how near the history came to violating the clause, to guide a search; None if the clause does not say."""
    return None if clause.closeness is None or _spared(clause, case) else clause.closeness(case)


UNTOLD = "a recording cannot show this"
"""The reason why a clause does not apply to a recording of requests alone."""


def _spared(clause: Clause, case: Case) -> str:
    if clause.needs_report == "all" and case.history.inferred:
        return UNTOLD
    if clause.needs_intents and not case.history.intents:
        return UNTOLD
    return clause.spared(case) if clause.spared is not None else ""
