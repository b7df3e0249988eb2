"""Draws messages: guests and texts."""

from __future__ import annotations

from itertools import permutations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from contracts.generate.odd import GUESTS, LONGEST_TEXT, ODD_GUESTS, PLAIN, TRICKY
from contracts.scenario import Message
from mockserver.journal import Guest

# Strategies are made once, because making one costs more than drawing from it. One draw per value: every draw has a fixed cost.
_GUESTS = st.sampled_from((*GUESTS * 9, *ODD_GUESTS))
_DISTINCT_GUESTS = st.sampled_from([some for size in (2, 3, 4) for some in permutations(GUESTS, size)])
_ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
_LONGEST = tuple(character * LONGEST_TEXT for character in ("x", "é", "\U0001f600"))
_TEXTS = st.sampled_from((*PLAIN * 14, *TRICKY * 2, *(None,) * 14, *_LONGEST * 4))


def guest(draw: DrawFn) -> Guest:
    """Draw a guest, one of a few, so that they occur again."""
    return draw(_GUESTS)


def text(draw: DrawFn) -> str:
    """Draw a user's text: any Unicode that JSON in UTF-8 can carry, except NUL; sometimes as long as allowed."""
    drawn = draw(_TEXTS)
    return draw(_ANYTHING) if drawn is None else drawn


def distinct_messages(draw: DrawFn) -> tuple[Message, ...]:
    """Draw two or more messages with distinct guests and texts."""
    found: dict[str, Guest] = {}
    for guest in draw(_DISTINCT_GUESTS):
        drawn = text(draw)
        unused = (other for other in (drawn, *PLAIN, *TRICKY) if other not in found)
        found[next(unused)] = guest
    return tuple(Message(guest, text) for text, guest in found.items())
