"""Tells which calls of the operation that does a unit's work are surely about something other than a unit.

A client may call the operation for more than its units: to list, to look something up. Such a call is told from a unit's call
that was altered by four signs:

- It has nothing of the values of any unit.
- No value is missing.
- The client first made it before any other call of the operation failed, so it did not begin as a repeat.
- It has several values, or it is the same in units with different ones. So no single slip has replaced them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import product
from typing import TYPE_CHECKING, Any

from contracts.clauses.excuses import went_wrong
from contracts.history import Call, same

if TYPE_CHECKING:
    from contracts.protocol.history import DeclaredHistory


def something_else(history: DeclaredHistory) -> Set[int]:
    """Return the numbers of the calls that are surely about something other than a unit."""
    alike = defaultdict[tuple[str | None, str], list[Call]](list)
    for call in history.in_order:
        if call.altered is not None:
            alike[call.operation, json.dumps(call.kept, sort_keys=True)].append(call)
    units = [unit.given for unit in history.units]
    apart = [calls for calls in alike.values() if not any(_has_some_of(calls[0].kept, given) for given in units)]
    others = set(history.in_order).difference(*apart) if apart else set[Call]()
    failed = [call for call in history.in_order if call in others and (went_wrong(call) or not history.heard(call))]
    return {call.number for calls in apart if _is_habit(calls, failed) for call in calls}


def _has_some_of(kept: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Return whether values may have been made of those of a unit. One that is missing tells nothing."""
    if any(value is None or same(value, given.get(name)) for name, value in kept.items()):
        return True
    return any(one in other or other in one for one, other in product(_leaves(kept), _leaves(given)))


def _leaves(value: Any) -> Iterator[str]:
    """Yield the texts and numbers in a value, as text in lower case."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif value not in {None, ""}:
        yield str(value).lower()


def _is_habit(calls: Sequence[Call], failed: Sequence[Call]) -> bool:
    """Return whether calls with the same values, which are in order, began before others had failed, and are no slip."""
    trouble = next((call.left for call in failed if call.operation == calls[0].operation), float("inf"))
    before = [call for call in calls if call.left < trouble]
    given = [{name: call.intent.given.get(name) for name in call.kept} for call in before if call.intent is not None]
    return bool(before) and (len(calls[0].kept) > 1 or not all(same(one, given[0]) for one in given))
