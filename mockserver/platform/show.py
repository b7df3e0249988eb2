"""A platform as text: its kinds, operations and guards, and the states of each kind as a Mermaid diagram."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.platform.model import Kind, Operation, Platform

_EVENTS = {
    "ended": "the control API, or a call, ends it",
    "evicted": "more than {live} live",
    "spent": "{uses} {counted}",
    "succeeded": "its successor has come{grace}",
    "idle": "not used for {idle}",
    "expired": "{ttl} have passed",
}


def show(platform: Platform) -> str:
    """Return a description of the platform for people."""
    lines = [f"{platform.name}: {platform.title}", "", "kinds"]
    for kind in platform.kinds.values():
        lines += [f"  {kind.name} ({kind.noun})", *(f"    {line}" for line in _kind(kind))]
    lines += ["", f"guards, in order: {', '.join(platform.order)}", "", "operations"]
    for operation in platform.operations.values():
        lines += list(_operation(operation))
    if platform.effects:
        lines += ["", "units of work"]
        for name, effect in platform.effects.items():
            lines.append(f"  {_unit(name, effect)}: by {effect['by']}, {effect['delivery']}")
    return "\n".join(lines) + "\n"


def document(platform: Platform) -> dict[str, Any]:
    """Return the same as plain values, for programs."""
    return {
        "name": platform.name,
        "title": platform.title,
        "kinds": [
            {
                "name": kind.name,
                "noun": kind.noun,
                "within": kind.within,
                "issued_by": list(kind.issued),
                "shown_to": {name: list(map(str, places)) for name, places in kind.places.items()},
                "ends": dict(_endings(kind)),
            }
            for kind in platform.kinds.values()
        ],
        "guards": list(platform.order),
        "operations": [
            {
                "name": operation.name,
                "routes": [f"{method} {path}" for method, path in operation.routes],
                "guards": list(operation.guards),
                "status": operation.answer.status,
            }
            for operation in platform.operations.values()
        ],
        "units": [
            {"name": name, "with": effect.get("with", {}), "by": effect["by"], "delivery": effect["delivery"]}
            for name, effect in platform.effects.items()
        ],
    }


def _kind(kind: Kind) -> Iterator[str]:
    if kind.registered:
        yield "issued by the control API"
    if kind.implied:
        yield "begins with the first thing that is within it"
    for operation, place in kind.issued.items():
        yield f"issued by {operation} at {place}"
    for operation, places in kind.places.items():
        yield f"shown to {operation} at {' or '.join(map(str, places))}"
    if kind.within:
        yield f"within {kind.within}"
    for cause, event in _endings(kind):
        answer = kind.refused.get(cause)
        yield f"{cause}: {event}" + (f" → {answer.status} {answer.code or ''}".rstrip() if answer is not None else "")


def _endings(kind: Kind) -> Iterator[tuple[str, str]]:
    life = kind.life
    words = {
        "live": life.live,
        "uses": "one use" if life.uses == 1 else f"{life.uses} uses",
        "counted": f"{'was' if life.uses == 1 else 'were'} {'seen' if kind.seen_is_spent else 'accepted'}",
        "grace": f", {life.grace / 1000:g} s ago" if life.grace else "",
        "idle": _seconds(life.idle),
        "ttl": _seconds(life.ttl),
    }
    possible = {
        "evicted": life.live is not None,
        "spent": life.uses is not None,
        "succeeded": kind.succeeds and not life.endless_grace,
        "idle": life.idle is not None,
        "expired": life.ttl is not None,
    }
    for cause, event in _EVENTS.items():
        if possible.get(cause, True):
            yield cause, event.format_map(words)


def _operation(operation: Operation) -> Iterator[str]:
    routes = ", ".join(f"{method} {path}" for method, path in operation.routes)
    told = "".join(f", if {words}" for _, words in operation.conditions)
    yield f"  {operation.name}: {routes}{told}"
    if operation.refuses:
        yield f"    refused with {operation.answer.status}"
    else:
        yield f"    asks {', '.join(operation.guards) or 'no guard'}; answers {operation.answer.status}"


def _unit(name: str, effect: Mapping[str, Any]) -> str:
    """Return a unit of work as the call of the client's method for it."""
    return f"{name}({', '.join(f'{field}={value!r}' for field, value in effect.get('with', {}).items())})"


def diagram(kind: Kind) -> str:
    """Return the states of a kind as a Mermaid state diagram; the order of the arrows is the precedence."""
    lines = ["stateDiagram-v2", "    [*] --> alive: it is issued"]
    for cause, event in _endings(kind):
        lines.append(f"    alive --> {cause}: {event}")
    return "\n".join(lines) + "\n"


def _seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"{milliseconds / 1000:g} s"
