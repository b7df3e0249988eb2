"""Draws messages: guests and texts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, permutations

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
    "%41%2B",
    "50 % off",
    "a+b",
    "\ufeff0",
    "\u00a00",
    " 0 ",
    "0\t",
    "\n0",
    "\r",
    "0\r1",
    "\xe9",
    "\u212b",
    "\ufb01",
    "\u200f0",
    "0\u200d1",
    "\U0001f1e9\U0001f1ea",
    "\xc3\xa9",
    "\u0130i",
    "&amp;",
    "$1 \\1",
    "0  1",
    "True",
    "\x7f",
)
"""Texts that must arrive as they were given, and that clients trip over, each for one reason."""

LONGEST_NAME = 254

_LONG_ADDRESS = "n" * (LONGEST_NAME - len("@example.com")) + "@example.com"

ODD_GUESTS = (
    Guest("Ann", "ann+chat@example.com"),
    Guest("Ann", "Ann@Example.COM"),
    Guest("Ann", "ann@b\xfccher.example"),
    Guest("Ann", "a%2Bb@example.com"),
    Guest("Ann", _LONG_ADDRESS),
    Guest("N" * LONGEST_NAME, "ann1@example.com"),
    Guest(" Ann ", "ann2@example.com"),
    Guest("Ann  Lee", "ann3@example.com"),
    Guest("ANN", "ann4@example.com"),
    Guest("\ufeffAnn", "ann5@example.com"),
    Guest("Ann\u00a0Lee", "ann6@example.com"),
    Guest("Jos\xe9", "ann7@example.com"),
    Guest("Jose\u0301", "ann8@example.com"),
    Guest("O'Neil & <Co>", "ann9@example.com"),
    Guest('"Ann"', "ann10@example.com"),
    Guest("A+B%20C", "ann11@example.com"),
    Guest("\u200fAnn", "ann12@example.com"),
    Guest("\U0001f469\u200d\U0001f467", "ann13@example.com"),
)
"""Guests whose name or address clients alter, each for one reason."""

# Strategies are made once, because making one costs more than drawing from it. One draw per value: every draw has a fixed cost.
_GUESTS = st.sampled_from((*GUESTS * 9, *ODD_GUESTS))
_DISTINCT_GUESTS = st.sampled_from([some for size in (2, 3, 4) for some in permutations(GUESTS, size)])
_ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
_LONGEST = tuple(character * LONGEST_TEXT for character in ("x", "é", "\U0001f600"))
_TEXTS = st.sampled_from((*PLAIN * 14, *TRICKY * 2, *(None,) * 14, *_LONGEST * 4))


def several(scenarios: int) -> Iterator[tuple[Message, ...]]:
    """Yield all the odd values, spread over so many scenarios."""
    messages = [Message(guest, text) for guest, text in zip(cycle((*ODD_GUESTS, *GUESTS)), TRICKY)]
    return (tuple(messages[start::scenarios]) for start in range(scenarios))


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
