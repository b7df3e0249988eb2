"""Determines the order of requests, when the platform acted on each, and on which requests without an answer it acted.

A recording has the beginning and the end of a request; the platform acted at some moment between. The moment that fits the
answers best is chosen: accepted sends are placed as early as later ones require, refusals as late as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from contracts.replay.recording import RecordedStep, RecordingProblem
from mockserver.engine.model import Policy


@dataclass
class Timeline:
    """The `moments` in milliseconds, and the steps that `acted` without an answer, by the steps' numbers."""

    moments: dict[int, int] = field(default_factory=dict)
    acted: set[int] = field(default_factory=set)


@dataclass
class _Session:
    created: RecordedStep | None = None
    sends: list[RecordedStep] = field(default_factory=list)


def timeline(steps: list[RecordedStep], policy: Policy) -> Timeline:
    """Return the moments that fit `policy` best."""
    told = Timeline({step.number: step.earliest for step in steps})
    for session in _sessions(steps):
        told.acted |= _acted(session, policy)
        told.moments |= _moments(session, told.acted, policy)
    told.acted |= {step.number for step in steps if step.operation in {"create", "token"} and step.status is None}
    _after_issue(steps, told.moments)
    return told


def _sessions(steps: list[RecordedStep]) -> Iterable[_Session]:
    found: dict[str, _Session] = {}
    for step in steps:
        if step.issued is not None:
            found[step.issued] = _Session(step)
        if step.operation == "send" and step.session is not None:
            found.setdefault(step.session, _Session()).sends.append(step)
    return found.values()


def _acted(session: _Session, policy: Policy) -> set[int]:
    """Return the sends without an answer that were accepted: those that kept the session alive, or used it up."""
    unsure = [step for step in session.sends if step.effect == "uncertain"]
    if not unsure:
        return set()
    acted: set[int] = set()
    active, accepted, waiting = session.created, 0, []
    for step in session.sends:
        if step.effect == "uncertain":
            waiting.append(step)
        elif step.effect == "accepted":
            if active is not None and step.earliest >= active.latest + policy.idle_timeout:
                acted |= {send.number for send in waiting}
            active, accepted = step, accepted + 1
        elif step.effect == "refused":
            if not _is_over(session.created, active, step, policy):
                missing = max(0, policy.handshakes - accepted - len(acted))
                acted |= {send.number for send in [send for send in waiting if send.number not in acted][:missing]}
            return acted
    last = max((step.order for step in session.sends if step.effect == "accepted"), default=-1)
    return acted | {step.number for step in unsure if step.order > last and step.status is None}


def _is_over(created: RecordedStep | None, active: RecordedStep | None, step: RecordedStep, policy: Policy) -> bool:
    """Return whether time alone has ended the session by then."""
    idle = active is not None and step.latest >= active.earliest + policy.idle_timeout
    return idle or (created is not None and step.latest >= created.earliest + policy.ttl)


def _moments(session: _Session, acted: set[int], policy: Policy) -> dict[int, int]:
    """Return the moments of the session's own steps."""
    moments = {step.number: step.latest for step in session.sends if step.effect == "refused"}
    uses = [step for step in session.sends if step.effect == "accepted" or step.number in acted]
    needed = 0
    for step in reversed(uses):
        moments[step.number] = needed = max(step.earliest, min(step.latest, needed - policy.idle_timeout + 1))
    if session.created is not None:
        last = moments[uses[-1].number] if uses else 0
        needed = max(needed - policy.idle_timeout, last - policy.ttl) + 1
        moments[session.created.number] = max(session.created.earliest, min(session.created.latest, needed))
    return moments


def _after_issue(steps: list[RecordedStep], moments: dict[int, int]) -> None:
    """Move steps so that nothing is used before it was issued."""
    issued: dict[str, int] = {}
    for step in steps:
        for name in (step.session, step.credential.token):
            moments[step.number] = max(moments[step.number], issued.get(name or "", 0))
        for name in (step.issued, step.token):
            if name is not None:
                issued[name] = moments[step.number]


# -- the order of a file -------------------------------------------------------------------------------------------------


class Ordered(NamedTuple):
    """Steps in order, and the problems found."""

    steps: list[RecordedStep]
    problems: list[RecordingProblem]


def in_order(steps: Sequence[RecordedStep], numbers: Iterable[int] = ()) -> Ordered:
    """Put the steps of a HAR file, which may be in any order, into order of time.

    `numbers` is that order if the time stamps alone do not give it. If the time stamps are impossible, because an id is used
    before it was issued, the clock was set back. Then the file's order is the order of time.
    """
    problems: list[RecordingProblem] = []
    kept = list(steps)
    places = {number: place for place, number in enumerate(numbers)}
    by_time = sorted(kept, key=lambda step: places.get(step.number, step.earliest))
    if not _before_issued(by_time) or _before_issued(kept):
        _tell_order(kept, problems)
        return Ordered([replace(step, order=place) for place, step in enumerate(by_time)], problems)
    return Ordered(_in_epochs(kept, problems), problems)


def _before_issued(steps: Sequence[RecordedStep]) -> bool:
    """Return whether an id or a token is used before the request left for which it was issued."""
    issued = {step.issued for step in steps if step.issued} | {step.token for step in steps if step.token}
    for step in steps:
        if step.session in issued or step.credential.token in issued:
            return True
        issued -= {step.issued, step.token}
    return False


def _tell_order(kept: list[RecordedStep], problems: list[RecordingProblem]) -> None:
    late = [step for before, step in pairwise(kept) if step.earliest < before.earliest]
    if late:
        more = f", and {len(late) - 1} more" if len(late) > 1 else ""
        problems.append(RecordingProblem(late[0].number, f"began before the entry above it{more}; all are sorted by time"))


def _in_epochs(steps: Sequence[RecordedStep], problems: list[RecordingProblem]) -> list[RecordedStep]:
    told, epoch, latest = [], 0, 0
    for place, step in enumerate(steps):
        if step.earliest < latest:
            epoch += 1
            by = (latest - step.earliest) / 1000
            problems.append(RecordingProblem(step.number, f"the clock went back by {by:g} s; no time across this is known"))
        latest = step.earliest
        told.append(replace(step, order=place, epoch=epoch))
    return told
