"""Usual and odd guests and texts, each odd one for one reason."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

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


def several(scenarios: int) -> Iterator[tuple[Message, ...]]:
    """Yield all the odd values, spread over so many scenarios."""
    messages = [Message(guest, text) for guest, text in zip(cycle((*ODD_GUESTS, *GUESTS)), TRICKY)]
    return (tuple(messages[start::scenarios]) for start in range(scenarios))
