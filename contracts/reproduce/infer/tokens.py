"""Infers the lifetime of tokens, from what their issuer says and from the answers to requests with them."""

from __future__ import annotations

from contracts.har.survey import UNKNOWN
from contracts.reproduce.infer.evidence import More
from contracts.reproduce.infer.solve import Most, Span
from contracts.reproduce.steps import Recording, Step

ENDINGS = frozenset({"expire_tokens", "revoke_tokens", "reject_tokens", "reset"})


def token_ttl(recording: Recording) -> Span:
    """Return the span of a token's lifetime, in milliseconds."""
    above, at_most = None, None
    issued: dict[str, Step] = {}
    ended = any(step.what in ENDINGS for step in recording.world)
    for step in recording.steps:
        if step.token is not None:
            issued[step.token] = step
            if step.expires_in is not None and step.expires_in > 0:
                above = _larger(above, More(step.expires_in * 1000 - 1, step.number))
                at_most = _smaller(at_most, Most(step.expires_in * 1000 + 999, step.number))
            continue
        issue = issued.get(step.credential.token or "")
        if issue is None or issue.epoch != step.epoch or step.status is None or recording.slack == UNKNOWN:
            continue
        if step.status == 401:
            if step.code == "credentials.expired" and step.reason != "auth.idle" and not ended:
                at_most = _smaller(at_most, Most(step.latest - issue.earliest + recording.slack, step.number))
        elif step.fault is None and step.status in {200, 403}:
            above = _larger(above, More(step.earliest - issue.latest - recording.slack, step.number))
    return Span(above, at_most)


def _larger(known: More | None, found: More) -> More | None:
    if found.value < 0:
        return known
    return found if known is None or found.value > known.value else known


def _smaller(known: Most | None, found: Most) -> Most:
    return found if known is None or found.value < known.value else known
