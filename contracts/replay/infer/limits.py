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

    def is_refused_for_it(step: RecordedStep) -> bool:
        """Only the length of its text can be wrong with it."""
        if step.status != 400 or step.code != "constraint.validation" or step.session is None:
            return False
        return step.body is None or (set(step.document) == MEMBERS and "\x00" not in step.document["text"])

    sends = (step for step in steps if step.operation == "send" and step.text_length is not None)
    return _lengths((Constraint((step.text_length or 0) - 1, step.number), step, is_refused_for_it(step)) for step in sends)


def max_body(steps: Iterable[RecordedStep]) -> Span:
    """Return the span of a body's length in bytes."""
    calls = (step for step in steps if step.operation is not None and step.fault is None)
    return _lengths((Constraint(step.size - 1, step.number), step, step.status == 413) for step in calls)


def _lengths(found: Iterable[tuple[Constraint, RecordedStep, bool]]) -> Span:
    """Return the span that is less than the lengths of accepted steps, and at most that of steps which are refused for it."""
    above, at_most = Constraint(0, 0), None
    for shorter, step, is_refused_for_it in found:
        if step.status == 200 and shorter.value > above.value:
            above = shorter
        elif is_refused_for_it and shorter.value > 0:
            at_most = min(at_most or shorter, shorter)
    return Span(above if above.number else None, at_most)
