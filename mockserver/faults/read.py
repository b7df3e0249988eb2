"""Parsing of the labels that faults leave in the journal, so that a fault can be applied again."""

from __future__ import annotations

import re
from typing import cast

from mockserver.engine.model import Fault, FaultKind, RetryAfterForm, UnusableBody

_PLAIN: dict[str, FaultKind] = {
    "opaque 403": "opaque_403",
    "lost request": "lost_request",
    "lost response": "lost_response",
    "truncated body": "truncated_body",
    "body in two pieces": "split_body",
}

_STATUS = re.compile(
    r"status (?P<status>\d+)(?P<acting> after acting)?"
    r"(?:, Retry-After (?:(?P<wait>\d+)(?: as a (?P<form>\w+))?|(?P<odd>\w+)))?"
)
_REDIRECT = re.compile(r"redirect (\d+)")
_UNUSABLE = re.compile(r"200 with an unusable body: (\w+)")


def applied_by(label: str) -> Fault | None:
    """Return the fault with this label, or None.

    A latency gives None too: the journal's timestamps already contain it.
    """
    if label in _PLAIN:
        return Fault(kind=_PLAIN[label])
    if found := _UNUSABLE.fullmatch(label):
        return Fault(kind="unusable_body", body=cast("UnusableBody", found[1]))
    if found := _REDIRECT.fullmatch(label):
        return Fault(kind="redirect", status=int(found[1]))
    found = _STATUS.fullmatch(label)
    if found is None:
        return None
    return Fault(
        kind="status",
        status=int(found["status"]),
        retry_after=None if found["wait"] is None else int(found["wait"]),
        retry_after_form=cast("RetryAfterForm", found["form"] or found["odd"] or "seconds"),
        after_acting=found["acting"] is not None,
    )
