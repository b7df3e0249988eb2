"""Small pieces that the clauses' messages and evidence are made of."""

from __future__ import annotations

from contracts.history import Call, Effect
from contracts.judge import Evidence


def at(label: str, call: Call) -> Evidence:
    """Points to where `call` left the client."""
    return Evidence(label, call.seq)


def seconds(milliseconds: float) -> str:
    """A duration for people: `0.1 s`, `45 s`."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".") + " s"


def answer_to(call: Call) -> str:
    """What came back to the client, in two or three words."""
    if call.status is None:
        return "no whole answer"
    if call.effect is Effect.DEAD:
        return f"{call.status} for a dead session"
    return f"{call.status} {call.code}" if call.code else str(call.status)
