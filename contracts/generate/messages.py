"""Draws messages: to whom and what."""

from __future__ import annotations

from itertools import permutations

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
PLAIN = ("0", "1", "2")
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

# Made once: a strategy costs more to make than to draw from. Each is drawn from once, for what that costs comes for every draw.
_GUESTS = st.sampled_from(GUESTS)
_DISTINCT_GUESTS = st.sampled_from([some for size in (2, 3, 4) for some in permutations(GUESTS, size)])
_ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
_LONGEST = tuple(character * LONGEST_TEXT for character in ("x", "é", "\U0001f600"))
_TEXTS = st.sampled_from((*PLAIN * 14, *TRICKY * 3, *(None,) * 14, *_LONGEST * 4))


def guest(draw: DrawFn) -> Guest:
    """Whom a message is for: one of a few, so that they come again."""
    return draw(_GUESTS)


def text(draw: DrawFn) -> str:
    """What a user may write: any Unicode that JSON in UTF-8 can carry, but NUL; sometimes as long as it may be."""
    drawn = draw(_TEXTS)
    return draw(_ANYTHING) if drawn is None else drawn


def distinct_messages(draw: DrawFn) -> tuple[Message, ...]:
    """Two messages or more that can be told apart by guest and by text."""
    found: dict[str, Guest] = {}
    for guest in draw(_DISTINCT_GUESTS):
        drawn = text(draw)
        unused = (other for other in (drawn, *PLAIN, *TRICKY) if other not in found)
        found[next(unused)] = guest
    return tuple(Message(guest, text) for text, guest in found.items())
