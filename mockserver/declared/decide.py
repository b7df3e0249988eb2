"""Decides a request. The functions are pure. The guards are asked in order, and the first refusal wins.

A refusal changes no credential, with three exceptions, which a declaration must ask for. A use may count when the id is seen. A
rate may count requests that a later guard refuses. An old id that is shown again may end its owner.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from mockserver.engine import life
from mockserver.engine.model import Credential
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Answer, Kind, Operation, Platform
from mockserver.platform.places import reader

Mint = Callable[[str], str]
"""Makes a new id for a kind."""


class Snapshot(Struct, kw_only=True, gc=False):
    """The state in which a request is decided: the ids it shows, their records, and the owners of those.

    `crowds` are for kinds with a limit of living ones: those that live beside the one to be issued, oldest first.
    """

    now: int
    shown: Mapping[str, str]
    found: Mapping[str, Credential]
    owners: Mapping[str, Credential]
    crowds: dict[str, tuple[Credential, ...]] = {}


class Decision(Struct, kw_only=True, gc=False):
    """The decision about a request. `refused_by` is a guard and `cause` its reason; both are "" if it is accepted.

    `writes` are credentials in their new state, by kind and id; `issued` are new ids by kind.
    """

    answer: Answer
    refused_by: str = ""
    cause: str = ""
    detail: str = ""
    field: str = ""
    granted: str = ""
    retry_after: int | None = None
    writes: dict[tuple[str, str], Credential] = {}
    issued: dict[str, str] = {}
    acted: bool = True
    """True if the platform decided, False if a fault answered in its place."""


class Refusal(Struct, frozen=True, gc=False):
    """A guard's refusal: the cause, or the row of its answer, and the values for its text."""

    cause: str
    detail: str = ""
    field: str = ""
    retry_after: int | None = None


def decide(platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot, mint: Mint) -> Decision:
    """Decide a request to an operation."""
    guard, refusal = _refusal(platform, operation, message, seen)
    if refusal is None and operation.refuses:
        return _turned_away(platform, operation.answer, "operation", operation.name, seen, mint)
    if refusal is None:
        return _accepted(platform, operation, message, seen, mint)
    kind = platform.kinds.get(guard)
    rows = platform.refused if kind is None else kind.refused
    decision = Decision(
        answer=rows[refusal.cause],
        refused_by=guard,
        cause=refusal.cause,
        detail=refusal.detail,
        field=refusal.field,
        retry_after=refusal.retry_after,
        writes={},
        issued={},
    )
    _after_refusal(platform, operation, decision, seen)
    _issue_always(platform, operation, decision, seen, mint)
    return decision


def turn_away(platform: Platform, row: str, detail: str, seen: Snapshot, mint: Mint) -> Decision:
    """Decide a request that calls no operation. `row` is route or method."""
    return _turned_away(platform, platform.refused[row], row, detail, seen, mint)


def _turned_away(platform: Platform, answer: Answer, guard: str, detail: str, seen: Snapshot, mint: Mint) -> Decision:
    decision = Decision(answer=answer, refused_by=guard, cause=guard, detail=detail, writes={}, issued={})
    _issue_always(platform, None, decision, seen, mint)
    return decision


def struck(platform: Platform, operation: Operation | None, answer: Answer, seen: Snapshot, mint: Mint) -> Decision:
    """Decide a request that the platform has seen, and answers with an injected error."""
    decision = Decision(answer=answer, acted=False, writes={}, issued={})
    for kind, record in _living(platform, operation, seen):
        if kind.seen_is_spent:
            _write(decision, life.use(record, seen.now, kind.life.idle))
    _issue_always(platform, operation, decision, seen, mint)
    return decision


def _living(platform: Platform, operation: Operation | None, seen: Snapshot) -> Iterator[tuple[Kind, Credential]]:
    """Yield what a request shows and is alive, with its kind."""
    for name in operation.carries if operation is not None else ():
        record = seen.found.get(name)
        if record is not None and not life.cause_at(record, seen.owners.get(name), seen.now):
            yield platform.kinds[name], record


# -- guards ----------------------------------------------------------------------------------------------------------


def _refusal(platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot) -> tuple[str, Refusal | None]:
    for guard in operation.guards:
        ask = GUARDS.get(guard)
        refusal = (
            _ask_kind(guard, platform, operation, message, seen) if ask is None else ask(platform, operation, message, seen)
        )
        if refusal is not None:
            return guard, refusal
    return "", None


def _ask_kind(name: str, platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot) -> Refusal | None:
    """Return the refusal by the guard of a kind, None if the credential that was shown is good."""
    kind, shown, record = platform.kinds[name], seen.shown.get(name), seen.found.get(name)
    if record is None:
        cause = "missing" if shown is None and "missing" in kind.refused else "unknown"
        return Refusal(cause)
    if kind.bound and record.bound != bound_in(kind, message):
        return Refusal("foreign")
    if name in operation.compared and record.within and not _fits(kind, record, platform, operation, seen):
        return Refusal("foreign")
    cause = life.cause_at(record, seen.owners.get(name), seen.now)
    return Refusal(cause) if cause else None


def bound_in(kind: Kind, message: HttpMessage) -> tuple[str | None, ...]:
    """Return the values of a request at the places that must be equal at issue and at use."""
    shown = (reader(places)(message) for places in kind.bound.values())
    return tuple(one if one is None or isinstance(one, str) else json.dumps(one) for one in shown)


def _fits(kind: Kind, record: Credential, platform: Platform, operation: Operation, seen: Snapshot) -> bool:
    """Return True if the other credentials shown fit this one: the same owner, or the owner itself. Later guards' are not
    compared."""
    for name in operation.compared[kind.name]:
        other = seen.found.get(name)
        if name == kind.within:
            if seen.shown.get(name) != record.within:
                return False
        elif other is not None and platform.kinds[name].within == kind.within and other.within != record.within:
            return False
    return True


def _ask_scope(platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot) -> Refusal | None:
    """Refuse if the credential, or its owner, lacks a scope."""
    for name, needed in operation.scopes.items():
        for holder in (seen.found.get(name), seen.owners.get(name)):
            if holder is not None and holder.scopes is not None:
                for scope in needed:
                    if scope not in holder.scopes:
                        return Refusal("scope", scope)
    return None


def _ask_body(platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot) -> Refusal | None:
    problem = operation.check(message, platform.max_body) if operation.check is not None else None
    return None if problem is None else Refusal(problem.row, problem.detail, problem.field)


def _ask_grantable(platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot) -> Refusal | None:
    """Refuse if more scopes are asked for than the owner has."""
    for kind in (platform.kinds[name] for name in operation.issues):
        asked = kind.scopes(message) if kind.scopes is not None else None
        owner = owner_shown(kind, seen)
        if asked and owner is not None and owner.scopes is not None and not set(str(asked).split()) <= set(owner.scopes):
            return Refusal("grantable")
    return None


def _ask_rate(platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot) -> Refusal | None:
    for name in operation.carries:
        limit, record = platform.kinds[name].life.rate, seen.found.get(name)
        if limit is not None and record is not None:
            made, left = life.usage(record, seen.now)
            if made >= limit:
                seconds = max(1, -(-left // 1000))
                return Refusal("rate", str(seconds), retry_after=seconds)
    return None


GUARDS: Mapping[str, Callable[[Platform, Operation, HttpMessage, Snapshot], Refusal | None]] = {
    "scope": _ask_scope,
    "body": _ask_body,
    "grantable": _ask_grantable,
    "rate": _ask_rate,
}
"""Guards that do not belong to a kind."""


def owner_shown(kind: Kind, seen: Snapshot) -> Credential | None:
    """Return the owner of a new credential of this kind: shown by the request, or the owner of a credential that it shows."""
    if kind.within is None:
        return None
    shown = seen.found.get(kind.within)
    if shown is not None:
        return shown
    for owner in seen.owners.values():
        if owner.kind == kind.within:
            return owner
    return None


# -- what follows ----------------------------------------------------------------------------------------------------


def _accepted(platform: Platform, operation: Operation, message: HttpMessage, seen: Snapshot, mint: Mint) -> Decision:
    decision = Decision(answer=operation.answer, writes={}, issued={})
    for kind, record in _living(platform, operation, seen):
        if operation.name in kind.ended:
            _write(decision, life.end(record, "ended", seen.now))
        elif kind.succeeds and kind.name in operation.issues:
            if not kind.life.endless_grace:
                _write(decision, life.end(record, "succeeded", seen.now, kind.life.grace or 0))
        elif is_counted(kind, record):
            _write(decision, _touched(kind, record, seen.now))
    for name in operation.issues:
        _issue(platform, platform.kinds[name], operation, message, decision, seen, mint)
    return decision


def is_counted(kind: Kind, record: Credential) -> bool:
    """Return True if a use changes the record. Otherwise it leaves no trace."""
    return kind.life.rate is not None or kind.life.idle is not None or record.left is not None


def _touched(kind: Kind, record: Credential, now: int) -> Credential:
    counted = life.count_use(record, now, None) if kind.life.rate is not None else None
    return life.use(counted or record, now, kind.life.idle)


def _write(decision: Decision, record: Credential) -> None:
    decision.writes[record.kind, record.id] = record


def _after_refusal(platform: Platform, operation: Operation, decision: Decision, seen: Snapshot) -> None:
    guards = operation.guards
    counts = "rate" in guards and guards.index(decision.refused_by) > guards.index("rate")
    for name in operation.carries:
        kind, record = platform.kinds[name], seen.found.get(name)
        if record is None:
            continue
        alive = not life.cause_at(record, seen.owners.get(name), seen.now)
        if kind.seen_is_spent and alive:
            _write(decision, life.use(record, seen.now, kind.life.idle))
        elif counts and alive and name in guards[: guards.index("rate")]:
            _write(decision, _touched(kind, record, seen.now))
        owner = seen.owners.get(name)
        was_replayed = decision.refused_by == name and decision.cause in {"spent", "succeeded"}
        if kind.reuse_ends and was_replayed and owner is not None:
            _write(decision, life.end(owner, "ended", seen.now))


def _issue_always(platform: Platform, operation: Operation | None, decision: Decision, seen: Snapshot, mint: Mint) -> None:
    """Issue the kinds that every answer brings, refusals included."""
    for kind in platform.always:
        _issue(platform, kind, operation, None, decision, seen, mint)


def _issue(
    platform: Platform,
    kind: Kind,
    operation: Operation | None,
    message: HttpMessage | None,
    decision: Decision,
    seen: Snapshot,
    mint: Mint,
) -> None:
    """Issue a new credential, unless one was shown that is still good afterwards.

    Its owner is shown too, or is issued with it.
    """
    if operation is not None and kind.name in operation.carries and not kind.succeeds and _is_good(kind, decision, seen):
        return
    owner = _owner_of(platform, kind, decision, seen, mint)
    asked = kind.scopes(message) if kind.scopes is not None and message is not None else None
    scopes = tuple(str(asked).split()) if asked else None
    if kind.scopes is not None or not decision.granted:
        granted = scopes if scopes is not None or owner is None else owner.scopes
        decision.granted = " ".join(granted or ())
    id = decision.issued[kind.name] = mint(kind.name)
    bound = bound_in(kind, message) if kind.bound and message is not None else ()
    within = "" if owner is None else owner.id
    _write(decision, new(kind, id, seen.now, within=within, bound=bound, scopes=scopes))
    if kind.life.live is not None:
        crowd = seen.crowds.get(kind.name, ())
        for oldest in crowd[: max(0, len(crowd) + 1 - kind.life.live)]:
            _write(decision, life.end(oldest, "evicted", seen.now))


def new(
    kind: Kind,
    id: str,
    now: int,
    within: str = "",
    bound: tuple[str | None, ...] = (),
    scopes: tuple[str, ...] | None = None,
) -> Credential:
    """Return a new credential of a kind."""
    ttl, idle, uses = kind.life.ttl, kind.life.idle, kind.life.uses
    return life.issue(kind.name, id, now, ttl=ttl, idle=idle, uses=uses, within=within, bound=bound, scopes=scopes)


def _owner_of(platform: Platform, kind: Kind, decision: Decision, seen: Snapshot, mint: Mint) -> Credential | None:
    """Return the owner of a new credential: issued just now, or shown, or else implied and issued here."""
    if kind.within is None:
        return None
    if kind.within in decision.issued:
        return decision.writes[kind.within, decision.issued[kind.within]]
    shown = owner_shown(kind, seen)
    if shown is not None:
        return shown
    parent = platform.kinds[kind.within]
    above = _owner_of(platform, parent, decision, seen, mint)
    id = decision.issued[parent.name] = mint(parent.name)
    record = new(parent, id, seen.now, within="" if above is None else above.id)
    _write(decision, record)
    return life.inherited(record, above)


def _is_good(kind: Kind, decision: Decision, seen: Snapshot) -> bool:
    """Return True if the credential that was shown still lives after this request."""
    record = seen.found.get(kind.name)
    if record is None:
        return False
    record = decision.writes.get((kind.name, record.id), record)
    return not life.cause_at(record, seen.owners.get(kind.name), seen.now)
