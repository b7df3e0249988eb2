"""Building blocks of the clauses' messages and evidence."""

from __future__ import annotations

import re
from typing import Any, Literal
from unicodedata import combining, is_normalized, normalize

from contracts.formats import table
from contracts.history import Call, JudgedIntent, SendEffect
from contracts.judge import Evidence

_TOLD = table("contracts.clauses", "client.toml")


def told(code: str) -> dict[str, Any]:
    """Return the texts of a clause, as arguments of Clause."""
    return {"code": code, **_TOLD[code]}


def at(label: str, call: Call) -> Evidence:
    """Return evidence at the place at which `call` left the client."""
    return Evidence(label, call.seq)


def seconds(milliseconds: float) -> str:
    """Format a duration for people: `0.1 s`, `45 s`."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".") + " s"


UNKNOWN_POLICY = "; uncertain, because the policy was changed later, and the trace does not have the one that held then"
"""The reason for a doubt if a limit was changed after a request."""

LONGEST_TEXT = 40
"""Characters of a client's text that are quoted."""


_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Characters that count as printable but show nothing."""


def quote(text: str, letters: Literal["all", "ascii"] = "all") -> str:
    """Quote a client's text, cut if it is long, as a Python literal.

    Invisible characters are escaped, and so are letters not in their composed form. So different texts are quoted differently.
    `ascii` escapes all letters beyond ASCII.
    """
    if len(text) > LONGEST_TEXT:
        return f"{quote(text[:LONGEST_TEXT], letters)}… ({len(text)} characters)"
    return ascii(text) if letters == "ascii" else exact(text)


BEFORE_CHANGE = 12
"""Characters quoted before the first difference of two long texts."""


def told_apart(one: str, other: str) -> tuple[str, str]:
    """Quote two texts, long ones from shortly before their first difference; letters that look alike are escaped."""
    same = next((nth for nth, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - BEFORE_CHANGE) if max(len(one), len(other)) > LONGEST_TEXT else 0
    letters: Literal["all", "ascii"] = "ascii" if normalize("NFC", one) == normalize("NFC", other) else "all"
    lead = f"…({start} characters)…" if start else ""
    return lead + quote(one[start:], letters), lead + quote(other[start:], letters)


def exact(text: str) -> str:
    """Quote a whole text, with escapes as in `quote`."""
    written = repr(text)
    if text.isascii():
        return written
    composed = is_normalized("NFC", text)
    before = ["", "", *written[1:]]  # a mark at the beginning would join the quote
    return "".join(ascii(char)[1:-1] if _is_unseen(char, before[nth], composed) else char for nth, char in enumerate(written))


def _is_unseen(char: str, before: str, composed: bool) -> bool:
    """Return whether a reader would not see a character, or would take it for part of another."""
    if char.isascii():
        return False
    joins = combining(char) > 0 and (not before or not composed)
    composes = not composed and not is_normalized("NFC", before + char)
    return joins or composes or _UNSEEN.match(char) is not None


def plain_or_quoted(name: str) -> str:
    """Return a name as it is, or quoted if it could be misread: outer or double blanks, quotes, invisible characters."""
    written = exact(name)
    is_plain = written[1:-1] == name and name == " ".join(name.split()) != "" and not set(name) & set("'\"<>\\")
    return name if is_plain else written


def name_of(intent: JudgedIntent) -> str:
    """Name an intent as a person counts them: `message 1`, `inferred message 3 to Ann`."""
    if not intent.inferred:
        return f"{intent.noun} {intent.number + 1}"
    whom = f" to {plain_or_quoted(intent.guest.name)}" if intent.guest.name else ""
    return f"inferred message {intent.number + 1}{whom}"


def reported(intent: JudgedIntent) -> tuple[Evidence, ...]:
    """Return evidence at the place at which the client reported the outcome; none if the trace has no entry there."""
    labels = {"accepted": "reported success", "failed": "reported failure"}
    label = labels.get(intent.outcome or "", "never returned")
    return () if intent.ended_seq is None else (Evidence(label, intent.ended_seq),)


def noun_of(call: Call, article: str = "a") -> str:
    """Name a call by a noun: `a create`, `a send`, `a token request`; `a request` if it called something unknown.

    Operations of declared platforms have any name: `a call of register`.
    """
    nouns = {"token": "token request", "create": "create", "send": "send", None: "request"}
    return f"{article} {nouns.get(call.operation) or f'call of {call.operation}'}"


def doing(call: Call) -> str:
    """Name a call that shows an id by one word."""
    return "send" if call.operation == "send" else "call"


def answer_to(call: Call) -> str:
    """Describe the answer that reached the client, in two or three words."""
    if call.status is None:
        return "no whole answer"
    if call.effect is SendEffect.DEAD:
        return f"{call.status} for a dead session"
    return f"{call.status} {call.code}" if call.code else str(call.status)
