"""Quoted values: read back they are what they were, and two that differ never look alike."""

from __future__ import annotations

from ast import literal_eval

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clauses.words import LONGEST_TEXT, exact, plain_or_quoted, quote, told_apart

INVISIBLE = ["\ufeff", "\u00a0", "\r", "\t", "\u200b", "\u200d", "\ufe0f", "\u2028", "\u3164", "\u034f", " "]


@given(st.text(max_size=LONGEST_TEXT))
def test_a_quoted_value_reads_back_as_it_was(text: str) -> None:
    assert literal_eval(quote(text)) == text


@pytest.mark.parametrize("extra", INVISIBLE)
def test_what_cannot_be_seen_is_seen_in_quotes(extra: str) -> None:
    for text in (f"Hi{extra}", f"{extra}Hi", f"H{extra}i"):
        shown = exact(text)
        assert shown != exact("Hi")
        assert extra == " " or extra not in shown


@pytest.mark.parametrize(
    ("composed", "decomposed"), [("\u00e9", "e\u0301"), ("\u00c5", "\u212b"), ("\ud55c", "\u1112\u1161\u11ab")]
)
def test_two_forms_of_a_letter_are_told_apart(composed: str, decomposed: str) -> None:
    assert composed in exact(composed)
    assert "\\" in exact(decomposed)


@pytest.mark.parametrize("text", ["東京", "👋", "ñandú", "שלום", "สวัสดี", "हिन्दी"])
def test_letters_of_any_language_stay_readable(text: str) -> None:
    assert exact(text) == f"'{text}'"


def test_long_texts_are_quoted_where_they_begin_to_differ() -> None:
    one, other = "a" * 100 + "  end", "a" * 100 + " end"
    assert told_apart(one, other) == ("…(89 characters)…'aaaaaaaaaaa  end'", "…(89 characters)…'aaaaaaaaaaa end'")


@pytest.mark.parametrize("name", ["Ann", "Ann Lee", "東 京", "Zoë-Jo"])
def test_a_plain_name_needs_no_quotes(name: str) -> None:
    assert plain_or_quoted(name) == name


@pytest.mark.parametrize("name", ["", " Ann", "Ann ", "Ann  Lee", "Ann\u00a0Lee", "Ann\\", "O'Hara"])
def test_any_other_name_is_quoted(name: str) -> None:
    assert literal_eval(plain_or_quoted(name)) == name
