"""Decides a request. The functions are pure. The guards are asked in order, and the first refusal wins.

A refusal changes no credential, with three exceptions, which a declaration must ask for. A use may count when the id is seen. A
rate may count requests that a later guard refuses. An old id that is shown again may end its owner.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from msgspec import Struct

from mockserver.engine import life
from mockserver.engine.decide import Seen
from mockserver.engine.model import Credential
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Answer, Kind, Operation, Platform, Refusal

Mint = Callable[[str], str]
"""Makes a new id for a kind."""


class Snapshot(Struct, gc=False):
    """The state in which a request is decided: the ids it shows, their records, and the owners of those, by kind.

    `store` is the organisation with its faults, and `records` are all that were read, by place. Without `has_owners` some
    owners are still to be read. `crowds` are for kinds with a limit of living ones: those that live beside the one to be
    issued, oldest first.
    """

    store: Seen
    now: int
    shown: Mapping[str, str]
    found: dict[str, Credential]
    owners: dict[str, Credential]
    records: dict[str, Credential]
    has_owners: bool = True
    crowds: dict[str, tuple[Credential, ...]] = {}


class Decision(Struct, gc=False):
    """The decision about a request. `refused_by` is a guard and `cause` its reason; both are "" if it is accepted.

    `writes` are credentials in their new state, by place; `issued` are new ids by kind. `granted` are the scopes of what was
    issued.
    """

    answer: Answer
    writes: dict[str, Credential]
    issued: dict[str, str]
    refused_by: str = ""
    cause: str = ""
    detail: str = ""
    field: str = ""
    granted: tuple[str, ...] = ()
    retry_after: int | None = None
    acted: bool = True
    """True if the platform decided, False if a fault answered in its place."""


Ask = Callable[[HttpMessage, Snapshot], Refusal | None]
"""A guard: returns why it refuses a request, None if it does not."""

Effect = Callable[[Credential, int], Credential | None]
"""What an accepted request does to a credential that it shows, at a time; None is nothing."""


def place_of(kind: str, id: str) -> str:
    """Return the place of a credential among the records."""
    return f"{kind}/{id}"


class Decider:
    """Decides the requests to one operation, or those that call none. What the declaration says is worked out once."""

    def __init__(self, platform: Platform, operation: Operation | None, mint: Mint) -> None:
        self._platform, self._operation, self._mint = platform, operation, mint
        self._guards = () if operation is None else operation.guards
        self._asks: tuple[tuple[str, Ask], ...] = ()
        self._carries: tuple[Kind, ...] = ()
        self._effects: tuple[tuple[str, bool, Effect], ...] = ()
        self._issues: tuple[Kind, ...] = ()
        if operation is not None:
            self._asks = tuple((guard, guard_of(platform, operation, guard)) for guard in operation.guards)
            self._carries = tuple(platform.kinds[name] for name in operation.carries)
            self._effects = tuple((one.name, one.name in self._guards, effect_on(one, operation)) for one in self._carries)
            self._issues = tuple(platform.kinds[name] for name in operation.issues)

    def decide(self, message: HttpMessage, seen: Snapshot) -> Decision:
        """Decide a request to the operation."""
        for guard, ask in self._asks:
            refusal = ask(message, seen)
            if refusal is not None:
                return self._refused(guard, refusal, seen)
        operation = self._operation
        assert operation is not None
        if operation.refuses:
            return self.turn_away("operation", operation.name, seen, operation.answer)
        decision = Decision(operation.answer, {}, {})
        self._follow(decision, seen)
        for kind in self._issues:
            self._issue(kind, message, decision, seen)
        return decision

    def turn_away(self, row: str, detail: str, seen: Snapshot, answer: Answer | None = None) -> Decision:
        """Refuse a request by a row that is no guard's, such as route or method."""
        answer = self._platform.refused[row] if answer is None else answer
        return self._with_always(Decision(answer, {}, {}, row, row, detail), seen)

    def struck(self, answer: Answer, seen: Snapshot) -> Decision:
        """Decide a request that the platform has seen, and answers with an injected error."""
        decision = Decision(answer, {}, {}, acted=False)
        for kind, record in self._living(seen):
            if kind.seen_is_spent:
                _write(decision, life.use(record, seen.now, kind.life.idle))
        return self._with_always(decision, seen)

    def _living(self, seen: Snapshot) -> Iterator[tuple[Kind, Credential]]:
        """Yield what a request shows and is alive, with its kind."""
        for kind in self._carries:
            record = seen.found.get(kind.name)
            if record is not None and not life.cause_at(record, seen.owners.get(kind.name), seen.now):
                yield kind, record

    # -- what follows ------------------------------------------------------------------------------------------------

    def _follow(self, decision: Decision, seen: Snapshot) -> None:
        """Write what an accepted request does to the credentials that it shows."""
        found, now = seen.found, seen.now
        for name, is_good, effect in self._effects:
            record = found.get(name)
            if record is not None and (is_good or not life.cause_at(record, seen.owners.get(name), now)):
                after = effect(record, now)
                if after is not None:
                    decision.writes[f"{name}/{after.id}"] = after

    def _refused(self, guard: str, refusal: Refusal, seen: Snapshot) -> Decision:
        kind = self._platform.kinds.get(guard)
        answer = (self._platform.refused if kind is None else kind.refused)[refusal.cause]
        decision = Decision(answer, {}, {}, guard, refusal.cause, refusal.detail, refusal.field)
        decision.retry_after = refusal.retry_after
        guards = self._guards
        earlier = guards[: guards.index("rate")] if "rate" in guards[: guards.index(guard)] else ()
        for kind, record in self._living(seen):
            if kind.seen_is_spent:
                _write(decision, life.use(record, seen.now, kind.life.idle))
            elif kind.name in earlier:
                _write(decision, _touched(kind, record, seen.now))
        owner = seen.owners.get(guard)
        if owner is not None and refusal.cause in {"spent", "succeeded"} and self._platform.kinds[guard].reuse_ends:
            _write(decision, life.end(seen.records[place_of(owner.kind, owner.id)], "ended", seen.now))
        return self._with_always(decision, seen)

    def _with_always(self, decision: Decision, seen: Snapshot) -> Decision:
        """Issue the kinds that every answer brings, refusals included."""
        for kind in self._platform.always:
            self._issue(kind, None, decision, seen)
        return decision

    def _issue(self, kind: Kind, message: HttpMessage | None, decision: Decision, seen: Snapshot) -> None:
        """Issue a new credential, unless one was shown that is still good afterwards.

        Its owner is shown too, or is issued with it.
        """
        if kind in self._carries and not kind.succeeds and _is_good(kind, decision, seen):
            return
        name, owner, scopes = kind.name, self._owner_of(kind, decision, seen), None
        if kind.scopes is not None and message is not None:
            asked = kind.scopes(message)
            scopes = tuple(str(asked).split()) if asked else None
        if kind.scopes is not None or not decision.granted:
            decision.granted = (scopes if scopes is not None or owner is None else owner.scopes) or ()
        id = decision.issued[name] = self._mint(name)
        bound = bound_in(kind, message) if kind.bound and message is not None else ()
        decision.writes[f"{name}/{id}"] = new(kind, id, seen.now, "" if owner is None else owner.id, bound, scopes)
        if kind.life.live is not None:
            crowd = seen.crowds.get(kind.name, ())
            for oldest in crowd[: max(0, len(crowd) + 1 - kind.life.live)]:
                _write(decision, life.end(oldest, "evicted", seen.now))

    def _owner_of(self, kind: Kind, decision: Decision, seen: Snapshot) -> Credential | None:
        """Return the owner of a new credential: issued just now, or shown, or else implied and issued here."""
        if kind.within is None:
            return None
        if kind.within in decision.issued:
            return decision.writes[place_of(kind.within, decision.issued[kind.within])]
        shown = owner_shown(kind, seen)
        if shown is not None:
            return shown
        parent = self._platform.kinds[kind.within]
        above = self._owner_of(parent, decision, seen)
        id = decision.issued[parent.name] = self._mint(parent.name)
        record = new(parent, id, seen.now, within="" if above is None else above.id)
        _write(decision, record)
        return life.inherited(record, above)


def _write(decision: Decision, record: Credential) -> None:
    decision.writes[place_of(record.kind, record.id)] = record


def effect_on(kind: Kind, operation: Operation) -> Effect:
    """Return what an accepted request to an operation does to a credential of a kind that it shows."""
    idle, grace = kind.life.idle, kind.life.grace or 0
    if operation.name in kind.ended:
        return lambda record, now: life.end(record, "ended", now)
    if kind.succeeds and kind.name in operation.issues:
        return lambda record, now: None if kind.life.endless_grace else life.end(record, "succeeded", now, grace)
    if kind.life.rate is not None:
        return partial(_touched, kind)
    return lambda record, now: None if record.left is None and idle is None else life.use(record, now, idle)


def is_counted(kind: Kind, record: Credential) -> bool:
    """Return True if a use changes the record. Otherwise it leaves no trace."""
    return record.left is not None or kind.life.rate is not None or kind.life.idle is not None


def _touched(kind: Kind, record: Credential, now: int) -> Credential:
    counted = life.count_use(record, now, None) if kind.life.rate is not None else None
    return life.use(counted or record, now, kind.life.idle)


def new(
    kind: Kind,
    id: str,
    now: int,
    within: str = "",
    bound: tuple[str | None, ...] = (),
    scopes: tuple[str, ...] | None = None,
) -> Credential:
    """Return a new credential of a kind."""
    told = kind.life
    return life.issue(
        kind.name, id, now, ttl=told.ttl, idle=told.idle, uses=told.uses, within=within, bound=bound, scopes=scopes
    )


def _is_good(kind: Kind, decision: Decision, seen: Snapshot) -> bool:
    """Return True if the credential that was shown still lives after this request."""
    record = seen.found.get(kind.name)
    if record is None:
        return False
    record = decision.writes.get(place_of(kind.name, record.id), record)
    return not life.cause_at(record, seen.owners.get(kind.name), seen.now)


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


# -- guards ----------------------------------------------------------------------------------------------------------


def guard_of(platform: Platform, operation: Operation, name: str) -> Ask:
    """Return a guard of an operation: one of GUARDS, or a kind's."""
    make = GUARDS.get(name)
    return _kind_guard(platform, operation, platform.kinds[name]) if make is None else make(platform, operation)


def _kind_guard(platform: Platform, operation: Operation, kind: Kind) -> Ask:
    """Return the guard that refuses a request if the credential of a kind that it shows is not good."""
    name, compared = kind.name, operation.compared.get(kind.name)
    missing, unknown = Refusal("missing" if "missing" in kind.refused else "unknown"), Refusal("unknown")
    fits = None if compared is None else partial(_fits, kind, tuple(platform.kinds[one] for one in compared))

    def ask(message: HttpMessage, seen: Snapshot) -> Refusal | None:
        record = seen.found.get(name)
        if record is None:
            return unknown if name in seen.shown else missing
        if kind.bound and record.bound != bound_in(kind, message):
            return Refusal("foreign")
        if fits is not None and record.within and not fits(record, seen):
            return Refusal("foreign")
        cause = life.cause_at(record, seen.owners.get(name), seen.now)
        return Refusal(cause) if cause else None

    return ask


def bound_in(kind: Kind, message: HttpMessage) -> tuple[str | None, ...]:
    """Return the values of a request at the places that must be equal at issue and at use."""
    shown = [read(message) for read in kind.bound_by]
    return tuple(one if one is None or isinstance(one, str) else json.dumps(one) for one in shown)


def _fits(kind: Kind, others: tuple[Kind, ...], record: Credential, seen: Snapshot) -> bool:
    """Return True if the other credentials shown fit this one: the same owner, or the owner itself. Later guards' are not
    compared."""
    for one in others:
        if one.name == kind.within:
            if seen.shown.get(one.name) != record.within:
                return False
        elif one.within == kind.within:
            other = seen.found.get(one.name)
            if other is not None and other.within != record.within:
                return False
    return True


def _scope_guard(_: Platform, operation: Operation) -> Ask:
    """Return the guard that refuses if the credential, or its owner, lacks a scope."""
    asked = tuple(operation.scopes.items())

    def ask(_: HttpMessage, seen: Snapshot) -> Refusal | None:
        for name, needed in asked:
            for holder in (seen.found.get(name), seen.owners.get(name)):
                scopes = None if holder is None else holder.scopes
                if scopes is not None:
                    for scope in needed:
                        if scope not in scopes:
                            return Refusal("scope", scope)
        return None

    return ask


def _body_guard(platform: Platform, operation: Operation) -> Ask:
    check, limit = operation.check, platform.max_body
    assert check is not None
    return lambda message, _: check(message, limit)


def _grantable_guard(platform: Platform, operation: Operation) -> Ask:
    """Return the guard that refuses if more scopes are asked for than the owner has."""
    kinds = [platform.kinds[name] for name in operation.issues]

    def ask(message: HttpMessage, seen: Snapshot) -> Refusal | None:
        for kind in kinds:
            asked = kind.scopes(message) if kind.scopes is not None else None
            owner = owner_shown(kind, seen)
            if asked and owner is not None and owner.scopes is not None and not set(str(asked).split()) <= set(owner.scopes):
                return Refusal("grantable")
        return None

    return ask


def _rate_guard(platform: Platform, operation: Operation) -> Ask:
    limits = [(name, limit) for name in operation.carries if (limit := platform.kinds[name].life.rate) is not None]

    def ask(_: HttpMessage, seen: Snapshot) -> Refusal | None:
        for name, limit in limits:
            record = seen.found.get(name)
            if record is not None:
                made, left = life.usage(record, seen.now)
                if made >= limit:
                    seconds = max(1, -(-left // 1000))
                    return Refusal("rate", str(seconds), retry_after=seconds)
        return None

    return ask


GUARDS: Mapping[str, Callable[[Platform, Operation], Ask]] = {
    "scope": _scope_guard,
    "body": _body_guard,
    "grantable": _grantable_guard,
    "rate": _rate_guard,
}
"""Guards that do not belong to a kind."""
