"""Infers the lifetime of tokens, and the greatest lengths of messages and bodies, as far as the recording tries them."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.har.survey import UNKNOWN
from contracts.replay.infer.evidence import Constraint
from contracts.replay.infer.solve import Span
from contracts.replay.recording import RecordedStep, Recording
from mockserver.journal import SESSION_ID

ENDINGS = frozenset({"expire_tokens", "revoke_tokens", "reject_tokens", "reset"})
MEMBERS = {SESSION_ID, "text"}


def token_ttl(recording: Recording) -> Span:
    """Return the span of a token's lifetime, in milliseconds."""
    above, at_most = None, None
    issued: dict[str, RecordedStep] = {}
    ended = any(step.what in ENDINGS for step in recording.world)
    for step in recording.steps:
        if step.token is not None:
            issued[step.token] = step
            if step.expires_in is not None and step.expires_in > 0:
                above = _larger(above, Constraint(step.expires_in * 1000 - 1, step.number))
                at_most = _smaller(at_most, Constraint(step.expires_in * 1000 + 999, step.number))
            continue
        issue = issued.get(step.credential.token or "")
        if issue is None or issue.epoch != step.epoch or step.status is None or recording.slack == UNKNOWN:
            continue
        if step.status == 401:
            if step.code == "credentials.expired" and step.reason != "auth.idle" and not ended:
                at_most = _smaller(at_most, Constraint(step.latest - issue.earliest + recording.slack, step.number))
        elif step.fault is None and step.status in {200, 403}:
            above = _larger(above, Constraint(step.earliest - issue.latest - recording.slack, step.number))
    return Span(above, at_most)


def _larger(known: Constraint | None, found: Constraint) -> Constraint | None:
    if found.value < 0:
        return known
    return found if known is None or found.value > known.value else known


def _smaller(known: Constraint | None, found: Constraint) -> Constraint:
    return found if known is None or found.value < known.value else known


def max_text(steps: Iterable[RecordedStep]) -> Span:
    """Return the span of a message's length in characters: from the longest accepted to the shortest refused for its length."""
    above, at_most = Constraint(0, 0), None
    for step in steps:
        length = step.text_length
        if step.operation != "send" or length is None:
            continue
        if step.status == 200 and length - 1 > above.value:
            above = Constraint(length - 1, step.number)
        elif step.status == 400 and step.code == "constraint.validation" and length > 1 and _is_well_formed(step):
            at_most = min(at_most or Constraint(length - 1, step.number), Constraint(length - 1, step.number))
    return Span(above if above.number else None, at_most)


def _is_well_formed(step: RecordedStep) -> bool:
    """Return whether only the length of its text can be wrong with it."""
    if step.session is None or step.body is None:
        return step.session is not None
    return set(step.document) == MEMBERS and "\x00" not in step.document["text"]


def max_body(steps: Iterable[RecordedStep]) -> Span:
    """Return the span of a body's length in bytes."""
    above, at_most = Constraint(0, 0), None
    for step in steps:
        if step.operation is None or step.fault is not None:
            continue
        if step.status == 200 and step.size - 1 > above.value:
            above = Constraint(step.size - 1, step.number)
        elif step.status == 413 and step.size > 1:
            at_most = min(at_most or Constraint(step.size - 1, step.number), Constraint(step.size - 1, step.number))
    return Span(above if above.number else None, at_most)
