"""The steps that led to a request: those of its token, its session and its OAuth client, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from contracts.replay.minimize.last import targets
from contracts.replay.minimize.names import SESSION, Moment, Names
from contracts.replay.minimize.past import Past
from contracts.replay.recording import USUAL, WorldStep
from contracts.scenario import LONGEST, AcceptTokens, Advance, EndSessions, ExpireTokens, RejectTokens, RevokeTokens
from contracts.stories.model import MAX_TIMES, Create, ExpireSession, RevokeSession, Send, SetPolicy, Step, Story, Token
from mockserver.engine.model import Reason

_DOES: Mapping[str, type[Any]] = {
    "end_sessions": EndSessions,
    "expire_tokens": ExpireTokens,
    "revoke_tokens": RevokeTokens,
    "reject_tokens": RejectTokens,
    "accept_tokens": AcceptTokens,
}

_OF_SESSIONS = ("session.", "message.")
"""Reasons that depend on the session a request names. All other guards come first."""

_ENDS: Mapping[str, type[Any]] = {"expire_session": ExpireSession, "revoke_session": RevokeSession}


def stories(past: Past, title: str, summary: str) -> Iterator[Story]:
    """Yield the request after all that led to it: for each way to make it, under each policy that may have been in force."""
    names, arrival = Names(past), past.arrival
    token = names.token(arrival.credential.token)
    client = names.client(past.step.client) if arrival.operation == "token" else None
    session = (past.step.issued or past.step.session) if past.answer.reason.startswith(_OF_SESSIONS) else None
    saved = names.session(session) if session is not None else None
    moments = [*_particular(past, names, token), *_done(past, session if saved else None)]
    moments += names.moments
    for target in targets(arrival, past.answer, token, client):
        step = target.step
        known = replace(step, session=f"${SESSION}") if isinstance(step, Send) and saved else step
        for policy, changes in _policies(past, min((moment.at for moment in moments if moment.at), default=past.at)):
            steps = _in_time([*moments, *changes], past.at)
            last = [known] if target.fault is None else [target.fault, known]
            yield Story(title=title, summary=summary, policy=policy, notes=target.notes, steps=(*steps, *last))


def _in_time(moments: Sequence[Moment], end: int) -> Iterator[Step]:
    """Yield the steps with clock moves between them. Steps without a time come first; equal requests become one."""
    now = 0
    for at, together in groupby(sorted(moments, key=lambda moment: moment[:2]), key=lambda moment: moment.at):
        if now and at > now:
            yield _wait(at - now)
        now = at
        yield from _counted([moment.step for moment in together])
    if now and end > now:
        yield _wait(end - now)


def _wait(milliseconds: int) -> Advance:
    return Advance(min(milliseconds / 1000, LONGEST))


def _counted(steps: Sequence[Step]) -> Iterator[Step]:
    for step, alike in groupby(steps):
        times = len(list(alike))
        yield replace(step, times=min(times, MAX_TIMES)) if times > 1 and isinstance(step, Token | Create) else step


def _particular(past: Past, names: Names, token: str | None) -> Iterator[Moment]:
    """Yield the steps that only some reasons need: other tokens, other requests, other sessions."""
    reason, place = past.answer.reason, past.arrival.seq
    if token is None:
        return
    if reason == Reason.AUTH_EVICTED:
        first = past.issue(past.arrival.credential.token)
        bound = past.policy_now["max_tokens_per_client"] or MAX_TIMES
        for login in past.logins(past.client(past.step), first)[-bound:]:
            yield Moment(login.earliest, login.order, names.login(login, None))
    elif reason == Reason.RATE_LIMITED:
        yield Moment(past.at, place, Create(token=f"${token}", times=min(_limit(past), MAX_TIMES)))
    elif reason == Reason.SESSION_FORGOTTEN:
        yield Moment(past.at, place, Create(token=f"${token}"))


def _limit(past: Past) -> int:
    body = past.answer.body
    told = body.get("limit", {}).get("value") if isinstance(body, dict) else None
    return int(told or past.policy_now["rate_limit_per_minute"] or 1)


def _done(past: Past, session: str | None) -> Iterator[Moment]:
    token = past.arrival.credential.token
    for event in past.done:
        step = _change(event, session, token)
        if step is not None:
            yield Moment(event.at, event.order, step)


def _change(event: WorldStep, session: str | None, token: str | None) -> Step | None:
    what, detail = event.what, event.detail
    if what in _DOES and detail.get("token") in {None, token}:
        step: Step = _DOES[what]()
        return step
    if what in _ENDS and session is not None and detail.get("session") == session:
        ended: Step = _ENDS[what](session=f"${SESSION}")
        return ended
    return None


def _policies(past: Past, first: int) -> Iterator[tuple[dict[str, Any], list[Moment]]]:
    """Yield initial policies with their later changes: as they are journalled, or as if there had been none."""
    if past.recording.changes:
        began = {**USUAL, **past.recording.first_policy}
        changes = [event for event in past.done if event.what == "set_policy"]
        for event in changes:
            if event.at < first:
                began.update(event.detail)
        later = [Moment(event.at, event.order, SetPolicy(policy=event.detail)) for event in changes if event.at >= first]
        yield _unusual(began), later
    yield _unusual(past.policy_now), []


def _unusual(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a policy that differ from dayfly's default."""
    return {name: value for name, value in policy.items() if value != USUAL[name]}
