"""Draws messages: to whom and what."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from contracts.builtin import ANN, BOB
from contracts.scenario import Message
from mockserver.journal import Guest

LONGEST_TEXT = 4000

GUESTS = (
    ANN,
    BOB,
    Guest("Zoë Ó Ceallaigh", "zoë+chat@example.com"),
    Guest("张伟", "zhang.wei@example.com"),
)
TRICKY = (
    "null",
    "undefined",
    "{{name}}",
    "[REDACTED]",
    '"',
    "\\",
    "</script>",
    "a < b && c",
    " ",
    "\r\n",
    "\u2028",
    "\U0001f469\u200d\U0001f467",
    "e\u0301",
    "%00",
)
"""Texts that must arrive as they were given, and that clients trip over."""

# Made once: a strategy costs more to make than to draw from.
_GUESTS = st.sampled_from(GUESTS)
_ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
_LONGEST = st.sampled_from([character * LONGEST_TEXT for character in ("x", "é", "\U0001f600")])
_PLAIN, _TRICKY = st.sampled_from(("0", "1", "2")), st.sampled_from(TRICKY)
_KINDS = (_PLAIN, _PLAIN, _PLAIN, _TRICKY, _TRICKY, _TRICKY, _ANYTHING, _LONGEST)
_TEXTS = st.integers(0, len(_KINDS) - 1).flatmap(_KINDS.__getitem__)
_DISTINCT_GUESTS = st.lists(_GUESTS, min_size=2, max_size=len(GUESTS), unique=True)


def guest(draw: DrawFn) -> Guest:
    """Whom a message is for: one of a few, so that they come again."""
    return draw(_GUESTS)


def text(draw: DrawFn) -> str:
    """What a user may write: any Unicode that JSON in UTF-8 can carry, but NUL; sometimes as long as it may be."""
    return draw(_TEXTS)


def distinct_messages(draw: DrawFn) -> tuple[Message, ...]:
    """Two messages or more that can be told apart by guest and by text."""
    guests = draw(_DISTINCT_GUESTS)
    texts = draw(st.lists(_TEXTS, min_size=len(guests), max_size=len(guests), unique=True))
    return tuple(Message(guest, text) for guest, text in zip(guests, texts, strict=True))
