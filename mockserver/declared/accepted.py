"""The nearest call that would have been accepted in place of one that a declared platform refused, and how late that was."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from mockserver.clock import iso
from mockserver.declared.entries import Recorded
from mockserver.declared.past import Named, PastCredential
from mockserver.engine.model import NEVER
from mockserver.explain.words import span
from mockserver.platform.model import Kind, Platform
from mockserver.platform.places import Place

Before = Mapping[Named, PastCredential]

OTHERS = {
    "scope": "The same call, by one that has the scope {detail}.",
    "media": "The same call with a body of the type {detail}.",
    "size": "The same call with a body of at most {detail} bytes.",
    "json": "The same call with a body that is JSON.",
    "body": "The same call with a body that keeps to the schema: {detail}.",
    "grantable": "The same call that asks for no other scopes than the one who asks has.",
    "rate": "The same call {detail} s later.",
    "method": "A call of the same path with {detail}.",
    "operation": "Nothing: the declaration refuses this call whatever it shows.",
}
"""The calls that guards other than kinds would have accepted."""


def accepted_if(platform: Platform, entry: Recorded, before: Before) -> str | None:
    """Return the nearest call that would have been accepted; None if this one was, or waits for its answer.

    `before` are the credentials before it.
    """
    if entry.answer is None or (entry.acted_at is not None and not entry.refused_by):
        return None
    if entry.acted_at is None:
        return "The same call without the injected fault." if entry.fault else None
    kind = platform.kinds.get(entry.refused_by)
    if kind is None and entry.cause == "route":
        calls = [f"{method} {path}" for one in platform.operations.values() for method, path in one.routes]
        near = get_close_matches(f"{entry.method} {entry.path}", calls, n=1, cutoff=0.0)
        return f"A call of one of the platform's paths; the nearest is {near[0]}." if near else ""
    told = (
        OTHERS.get(entry.cause, "").format(detail=entry.detail)
        if kind is None
        else _with_another(platform, kind, entry, before)
    )
    return (told + _if_others_pass(platform, entry)) or None


def missed(entry: Recorded, before: Before) -> str | None:
    """Return by how much a request was too late; None if that is not why it was refused."""
    known = before.get((entry.refused_by, entry.shown.get(entry.refused_by, "")))
    at = entry.acted_at or entry.arrived_at
    if entry.cause not in {"idle", "expired"} or known is None or known.end.at > at:
        return None
    return f"It came {span(at - known.end.at)} too late."


def _if_others_pass(platform: Platform, entry: Recorded) -> str:
    operation = platform.operations.get(entry.operation)
    guards = () if operation is None else operation.guards
    later = guards[guards.index(entry.refused_by) + 1 :] if entry.refused_by in guards else ()
    return f" Then it would be asked about: {', '.join(later)}." if later else ""


def _with_another(platform: Platform, kind: Kind, entry: Recorded, before: Before) -> str:
    """Return the call with the nearest credential: one that was good then, or else a new one."""
    at, shown = entry.acted_at or entry.arrived_at, entry.shown.get(kind.name)
    same = before.get((kind.name, shown or ""))
    known = same if entry.cause not in {"missing", "unknown"} else None
    if entry.cause == "foreign" and known is not None:
        return f"The same call with the {kind.noun} {shown} beside what it was issued with: {_beside(platform, kind)}."
    early = f" before {iso(known.end.at)}, or" if known is not None and known.end.at <= at else ""
    alive = [(id, one) for (name, id), one in before.items() if name == kind.name and id != shown and not one.cause_at(at)]
    good = [] if kind.bound else [(id, one) for id, one in alive if _fits(platform, kind, one, entry, before)]
    where = f", {_place(kind.places[entry.operation][0])}" if entry.operation in kind.places else ""
    which = _good(kind, *good[-1]) if good else _new(platform, kind, at)
    return f"The same call{early} with {which}{where}."


def _fits(platform: Platform, kind: Kind, one: PastCredential, entry: Recorded, before: Before) -> bool:
    """Return True if nothing that the request shows beside it belongs to another owner."""
    operation = platform.operations.get(entry.operation)
    for name in () if operation is None else operation.compared.get(kind.name, ()):
        shown = entry.shown.get(name, "")
        if name == kind.within:
            if shown != one.record.within:
                return False
        elif platform.kinds[name].within == kind.within:
            known = before.get((name, shown))
            if known is not None and known.record.within != one.record.within:
                return False
    return True


def _good(kind: Kind, id: str, known: PastCredential) -> str:
    until = f", until {iso(known.end.at)}" if known.end.at < NEVER else ""
    return f"the {kind.noun} {id}, which was good at that time{until}"


def _new(platform: Platform, kind: Kind, at: int) -> str:
    if kind.registered:
        return f"{kind.a} that is registered"
    calls = dict.fromkeys(f"{name} ({' '.join(platform.operations[name].routes[0])})" for name in kind.renewed_by)
    source = " or ".join(calls) or ("any answer" if kind.always is not None else "the control API")
    return f"{kind.a} from {source} that was issued after {iso(at)}"


def _beside(platform: Platform, kind: Kind) -> str:
    names = [*kind.bound, *([platform.kinds[kind.within].noun] if kind.within else [])]
    return ", ".join(name.replace("_", " ") for name in names)


def _place(place: Place) -> str:
    lens, _, inner = place.lens.partition("/")
    return PLACES.get((place.part, lens), "in the {part} {name}").format(part=place.part, name=place.name, inner=inner)


PLACES = {
    ("header", "bearer"): "as bearer token in the header {name}",
    ("header", "basic.user"): "as the user of HTTP Basic",
    ("header", "basic.password"): "as the password of HTTP Basic",
    ("body", "form"): "in the form's field {inner}",
    ("body", "jws.protected"): "as {inner} in the JWS's protected header",
    ("body", ""): "in the body at /{inner}",
    ("path", ""): "in the path",
    ("query", ""): "as the query's parameter {name}",
}
"""Places of a request in words, by part and lens."""
