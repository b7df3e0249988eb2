"""May this id be used? One session serves one handshake, soon after its creation, for one guest."""

from __future__ import annotations

import re
from functools import partial
from itertools import takewhile
from math import isinf

from msgspec import UnsetType
from msgspec.structs import replace

from contracts.clauses.excuses import handed_on
from contracts.clauses.words import UNKNOWN_POLICY, at, doing, name_of, quote, seconds, told
from contracts.history import Call, CallLeft, CallReturned, JudgedIntent, Moment, SeenCredential, SendEffect, document
from contracts.judge import EXERCISED, UPPER_BOUND, Breach, Case, Clause, Mark, StatefulClause
from mockserver.journal import SESSION_ID, Guest

FROM_DOUBLING = ("R3", "R4")
"""Clauses that a client also breaks if it sends twice at once: one answer forbids what the other requires."""


def uses_before(kind: str, call: Call, place: float, case: Case) -> list[Call]:
    """Return the calls that had used up the id of `call` when it left, may have, or were under way; empty if uses are left."""
    credential = case.history.shown_by(call, kind)
    limit = case.history.limit_of(kind, credential)
    if limit is None:
        return []
    beside = [other for other in call.beside if other.shown.get(kind) == credential.id]
    uses = [*_spent(credential, place), *beside]
    return uses if len(uses) >= limit else []


def _spent(credential: SeenCredential, place: float) -> list[Call]:
    """Return the calls known at `place` to have used up an id, for certain or perhaps."""
    return list(takewhile(lambda use: use.was_over(place), credential.spent))


def step_reused(kind: str, any_used: bool, moment: Moment, case: Case) -> tuple[bool, Mark]:
    """Judge S1, for ids of any kind."""
    match moment:
        case CallReturned(call, place) if kind in call.shown:
            credential = case.history.shown_by(call, kind)
            limit = case.history.limit_of(kind, credential)
            return any_used or (limit is not None and len(_spent(credential, place + 1)) >= limit), None
        case CallLeft(call, place) if kind in call.shown:
            uses = uses_before(kind, call, place, case)
            if uses and not may_repeat(call, uses, place, case):
                return any_used, _if_limited(_reuse(kind, call, uses, place, case), kind, call, case)
            return any_used, EXERCISED if any_used else None
    return any_used, None


def may_repeat(call: Call, uses: list[Call], place: float, case: Case) -> bool:
    """Return whether the client repeats sends of this message whose outcome is unknown, under the same idempotency key."""
    key = call.key(case.parameters.idempotency_key)
    return key is not None and all(
        (use.effect is SendEffect.UNKNOWN or not use.was_over(place))
        and use.intent is call.intent
        and key == use.key(case.parameters.idempotency_key)
        for use in uses
    )


def _reuse(kind: str, call: Call, uses: list[Call], place: float, case: Case) -> Breach:
    name = case.history.shown_by(call, kind).name
    flying = [send for send in uses if not send.was_over(place)]
    if flying:
        message = f"{name} was presented again while a {doing(call)} of it was on its way"
        evidence = (at("first use", uses[0]), at("used again", call))
        return Breach(message, evidence, _overlap(flying, call, case), explains=FROM_DOUBLING)
    if len(uses) > 1:
        message = f"{name} was presented again after {len(uses)} {doing(call)}s had used it up"
    elif uses[0].effect is SendEffect.CONSUMED:
        message = f"{name} was used twice"
    else:
        message = f"{name} was presented again after a {doing(call)} with an unknown outcome"
    return Breach(message, (at("first use", uses[0]), at("used again", call)))


def _if_limited(breach: Breach, kind: str, call: Call, case: Case) -> Breach:
    """Return the breach, uncertain if it is not known how many uses the id is good for."""
    if case.history.has_limit(case.history.shown_by(call, kind)):
        return breach
    return replace(breach, message=f"{breach.message}{UNKNOWN_POLICY}", certain=False)


def _overlap(flying: list[Call], call: Call, case: Case) -> bool:
    """Return whether the recording's time stamps are fine enough to show that one of the sends was still under way."""
    if isinstance(case.history.header.resolution, UnsetType):
        return True
    resolution = case.history.resolution
    return any(send.returned_at is not None and send.returned_at - call.left_at > resolution for send in flying)


S1 = StatefulClause(
    start=False,
    step=partial(step_reused, "session"),
    on=(CallLeft, CallReturned),
    closeness=lambda case: max((session.uses for session in case.history.sessions.values()), default=0),
    **told("S1"),
)


def _age(call: Call, place: float, case: Case) -> int | None:
    """Return the id's age in milliseconds when `call` presented it; None if its create was not seen to be answered."""
    session = case.history.sessions.get(call.presented or "")
    created = session.created if session is not None else None
    if created is None or not created.was_over(place) or created.returned_at is None or created.received_session is None:
        return None
    return call.left_at - created.returned_at - _jumped_elsewhere(created.returned or 0, call, case)


def _jumped_elsewhere(since: float, call: Call, case: Case) -> int:
    """Return how far the clock jumped during requests that `call` did not wait for, such as another message's."""
    if not case.history.intents:
        return 0
    changes = (change for change in case.history.changes if since < change.place < call.left)
    elsewhere = (change for change in changes if change.during is not None and _is_elsewhere(change.during, call))
    return sum(change.jumped_by(call.left_at) for change in elsewhere)


def _is_elsewhere(other: Call, call: Call) -> bool:
    """Return whether `call` did not wait for `other`: it is another message's, in another session, or still under way."""
    return other.intent is not call.intent or other.presented not in {None, call.presented} or not other.was_over(call.left)


def _mark_stale(moment: Moment, case: Case) -> Mark:
    match moment:
        case CallLeft(call, place) if not call.is_late:
            age = _age(call, place, case)
            if age is None:
                return None
            allowed = case.parameters.max_age * 1000
            slack = 2 * (case.history.resolution - 1)  # for the time stamps of both ends
            if age - slack > allowed:
                session = case.history.sessions[call.presented or ""]
                message = f"session {session.label} was {seconds(age)} old when it was used; {seconds(allowed)} are allowed"
                created = (at("created", session.created),) if session.created is not None else ()
                return Breach(message, (*created, at("used", call)))
            return EXERCISED if age + slack <= allowed else None
    return None


S2 = Clause(
    look=_mark_stale,
    on=(CallLeft,),
    own_time=True,
    clocks=UPPER_BOUND,
    spared=lambda case: "no age is too old: max_age is off" if isinf(case.parameters.max_age) else "",
    closeness=lambda case: max((_age(call, call.left, case) or 0 for call in case.history.calls), default=0) / 1000,
    **told("S2"),
)


def _step_shared(guests: frozenset[Guest], moment: Moment, case: Case) -> tuple[frozenset[Guest], Mark]:
    """The state is the guests for whom sessions were created."""
    match moment:
        case CallLeft(call) if call.operation == "create" and call.intent is not None:
            return guests | {call.intent.guest}, None
        case CallLeft(call) if call.presented is not None and call.intent is not None:
            return guests, _sharing(call, call.intent, case) or (EXERCISED if guests - {call.intent.guest} else None)
    return guests, None


def _sharing(call: Call, intent: JudgedIntent, case: Case) -> Breach | None:
    session = case.history.sessions[call.presented or ""]
    created = session.created
    if created is None or created.intent is None or created.intent.guest == intent.guest:
        return None
    message = f"session {session.label}, created for {created.intent.guest.name}, was used for {intent.guest.name}"
    return Breach(message, (at("created", created), at("used for another guest", call)))


S3 = StatefulClause(
    start=frozenset[Guest](),
    step=_step_shared,
    on=(CallLeft,),
    needs_intents=True,
    needs_report="all",
    **told("S3"),
)


NEVER_ISSUED = frozenset({"session.unknown", "session.foreign"})
"""Reasons that say that this client was never issued the id, if the platform gives reasons."""


def mark_invented(kind: str, moment: Moment, case: Case) -> Mark:
    """Judge S4, for ids of any kind."""
    match moment:
        case CallReturned(call) if id := call.shown.get(kind) or call.ended.get(kind):
            return _invention(case.history.credentials[kind][id], call, case)
    return None


def _invention(credential: SeenCredential, call: Call, case: Case) -> Mark:
    """The breach is certain only with intents: a recording without them may begin after ids were issued."""
    is_issued = credential.created is not None and credential.created.left <= call.left
    if is_issued or credential.registered or handed_on(call):
        return EXERCISED
    answer = call.answer
    told = answer is not None and answer.reason in NEVER_ISSUED
    if not told and not case.history.whole and answer is not None and (answer.session is not None or answer.accepted):
        return EXERCISED
    message = f"the client presented {credential.label}, which the platform never issued to it"
    certain = told or case.history.whole or (bool(case.history.intents) and not case.history.inferred)
    return Breach(message, (at("never issued", call),), certain) if certain or call.status == 403 else None


S4 = Clause(
    look=partial(mark_invented, "session"),
    on=(CallReturned,),
    **told("S4"),
)


IN_ID = re.compile(
    r"\{\{.*?\}\}|\$\{.*?\}|\{\w*\}|<[\w -]+>|%s|%\(\w+\)s|\[object Object\]|^(undefined|null|none|nil|nan)$", re.IGNORECASE
)
"""Unrendered templates and missing values, as they look in place of an id."""

IN_TEXT = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|\[object Object\]|\bundefined\b|\bnull\b")
"""The same within a text, in which braces and brackets may well be the user's own."""


def _mark_placeholder(moment: Moment, case: Case) -> Mark:
    match moment:
        case CallLeft(call) if call.operation == "send":
            return _placeholder_for_id(call, case) or _placeholder_in_text(call) or EXERCISED
    return None


def _placeholder_for_id(call: Call, case: Case) -> Breach | None:
    body = document(call.arrival)
    if SESSION_ID not in body:
        return None
    id = body[SESSION_ID]
    issued = call.presented is not None and case.history.sessions[call.presented].created is not None
    if issued or handed_on(call) or not (id is None or (isinstance(id, str) and IN_ID.search(id))):
        return None
    shown = "null" if id is None else quote(id)
    return Breach(f"{shown} was sent where a session id belongs", (at("placeholder", call),))


def _placeholder_in_text(call: Call) -> Breach | None:
    """A placeholder that is part of the given text is the user's own."""
    if call.intent is None or call.text is None or call.text == call.intent.text:
        return None
    meant = call.intent.text
    found = next((match[0] for match in IN_TEXT.finditer(call.text) if match[0] not in meant), None)
    if found is None:
        return None
    message = f"the text of {name_of(call.intent)} was sent with {quote(found)} in it"
    return Breach(message, (at("placeholder", call),))


S5 = Clause(
    look=_mark_placeholder,
    on=(CallLeft,),
    **told("S5"),
)


def _mark_orphaned(moment: Moment, _: Case) -> Mark:
    """After a refusal, a further session may be part of the recovery."""
    match moment:
        case CallLeft(call, place) if call.operation == "create" and call.intent is not None:
            earlier = [other for other in call.intent.of("create") if other.left < place]
            if not earlier or any(other.was_over(place) and other.status != 200 for other in call.intent.calls):
                return EXERCISED
            message = f"a second session was created for {name_of(call.intent)}, though nothing had gone wrong"
            return Breach(message, (at("first session", earlier[0]), at("second session", call)))
    return None


S6 = Clause(
    look=_mark_orphaned,
    on=(CallLeft,),
    own_time=True,
    needs_intents=True,
    spared=lambda case: "the client was perturbed, and may have needed more than one session" if case.history.changes else "",
    **told("S6"),
)
