"""Small pieces that the clauses' messages and evidence are made of."""

from __future__ import annotations

from typing import Literal

from contracts.history import Call, Effect, Intent
from contracts.judge import Evidence


def at(label: str, call: Call) -> Evidence:
    """Points to where `call` left the client."""
    return Evidence(label, call.seq)


def seconds(milliseconds: float) -> str:
    """A duration for people: `0.1 s`, `45 s`."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".") + " s"


LONGEST_TEXT = 40
"""Characters of a client's text that are quoted."""


def quote(text: str, letters: Literal["all", "ascii"] = "all") -> str:
    """A text of a client's in quotes, cut where it is long; `ascii` tells letters apart that look alike."""
    written = repr if letters == "all" else ascii
    return written(text) if len(text) <= LONGEST_TEXT else f"{written(text[:LONGEST_TEXT])}… ({len(text)} characters)"


def name_of(intent: Intent) -> str:
    """An intent as a person counts them: `message 1`."""
    return f"message {intent.number + 1}"


def reported(intent: Intent) -> Evidence:
    """Points to where the client reported the outcome."""
    labels = {"accepted": "reported success", "failed": "reported failure"}
    return Evidence(labels.get(intent.outcome or "", "never returned"), intent.ended_seq or 0)


def answer_to(call: Call) -> str:
    """What came back to the client, in two or three words."""
    if call.status is None:
        return "no whole answer"
    if call.effect is Effect.DEAD:
        return f"{call.status} for a dead session"
    return f"{call.status} {call.code}" if call.code else str(call.status)
