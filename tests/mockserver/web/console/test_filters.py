"""Other people's strings: nothing in them hides, turns or becomes markup."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from mockserver.web.console.filters import coded, cut, shown


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Łęcka 花子 👩‍👩‍👧", "Łęcka 花子 👩‍👩‍👧"),
        ("a\nb", "a\nb"),
        ("\u202egnp\u202c", r"\u202egnp\u202c"),
        ("\x00\x1b[31m\t\x85", r"\x00\x1b[31m\t\x85"),
        ("\u2028\ufeff\u200b", r"\u2028\ufeff\u200b"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, written: str) -> None:
    assert shown(text) == written


def test_prose_has_its_code_set_as_code_and_nothing_else() -> None:
    assert coded("send `<b>` & go") == Markup("send <code>&lt;b&gt;</code> &amp; go")


def test_a_long_text_says_how_much_is_left_out() -> None:
    assert cut("abcdef", 4) == ("abcd", 2)
    assert cut("abc", 4) == ("abc", 0)
