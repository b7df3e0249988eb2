"""Infers the greatest lengths of messages and bodies, as far as the recording tries them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from contracts.reproduce.infer.evidence import More
from contracts.reproduce.infer.solve import Most, Span
from contracts.reproduce.steps import Step

MEMBERS = {"webChatSessionId", "text"}


def max_text(steps: Iterable[Step]) -> Span:
    """Return the span of a message's length in characters: from the longest accepted to the shortest refused for its length."""
    above, at_most = More(0, 0), None
    for step in steps:
        length = step.text_length
        if step.operation != "send" or length is None:
            continue
        if step.status == 200 and length - 1 > above.value:
            above = More(length - 1, step.number)
        elif step.status == 400 and step.code == "constraint.validation" and length > 1 and _is_well_formed(step):
            at_most = min(at_most or Most(length - 1, step.number), Most(length - 1, step.number))
    return Span(above if above.number else None, at_most)


def _is_well_formed(step: Step) -> bool:
    """Return whether only the length of its text can be wrong with it."""
    if step.session is None:
        return False
    if step.body is None:
        return True
    try:
        document = msgspec.json.decode(step.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and set(document) == MEMBERS and "\x00" not in document["text"]


def max_body(steps: Iterable[Step]) -> Span:
    """Return the span of a body's length in bytes."""
    above, at_most = More(0, 0), None
    for step in steps:
        if step.operation is None or step.fault is not None:
            continue
        if step.status == 200 and step.size - 1 > above.value:
            above = More(step.size - 1, step.number)
        elif step.status == 413 and step.size > 1:
            at_most = min(at_most or Most(step.size - 1, step.number), Most(step.size - 1, step.number))
    return Span(above if above.number else None, at_most)
