"""Determines the order of events by the recording's time stamps, as far as they are plausible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from contracts.reproduce.steps import Problem, Step


class Ordered(NamedTuple):
    """Steps in order, and the problems found."""

    steps: list[Step]
    problems: list[Problem]


def in_order(steps: Sequence[Step], numbers: Iterable[int] = ()) -> Ordered:
    """Put the steps of a HAR file, which may be in any order, into order of time.

    `numbers` is that order if the time stamps alone do not give it. If the time stamps are impossible, because an id is used
    before it was issued, the clock was set back. Then the file's order is the order of time.
    """
    problems: list[Problem] = []
    kept = list(steps)
    places = {number: place for place, number in enumerate(numbers)}
    by_time = sorted(kept, key=lambda step: places.get(step.number, step.earliest))
    if not _before_issued(by_time) or _before_issued(kept):
        _tell_order(kept, problems)
        return Ordered([replace(step, order=place) for place, step in enumerate(by_time)], problems)
    return Ordered(_in_epochs(kept, problems), problems)


def _before_issued(steps: Sequence[Step]) -> bool:
    """Return whether an id or a token is used before the request left for which it was issued."""
    issued = {step.issued for step in steps if step.issued} | {step.token for step in steps if step.token}
    for step in steps:
        if step.session in issued or step.credential.token in issued:
            return True
        issued -= {step.issued, step.token}
    return False


def _tell_order(kept: list[Step], problems: list[Problem]) -> None:
    late = [step for before, step in pairwise(kept) if step.earliest < before.earliest]
    if late:
        more = f", and {len(late) - 1} more" if len(late) > 1 else ""
        problems.append(Problem(late[0].number, f"began before the entry above it{more}; all are sorted by time"))


def _in_epochs(steps: Sequence[Step], problems: list[Problem]) -> list[Step]:
    told, epoch, latest = [], 0, 0
    for place, step in enumerate(steps):
        if step.earliest < latest:
            epoch += 1
            by = (latest - step.earliest) / 1000
            problems.append(Problem(step.number, f"the clock went back by {by:g} s; no time across this is known"))
        latest = step.earliest
        told.append(replace(step, order=place, epoch=epoch))
    return told
