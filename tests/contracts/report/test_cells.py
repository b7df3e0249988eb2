"""Text in columns: wide characters count twice, combining ones not at all, and nothing unprintable gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clauses.words import quote
from contracts.report.cells import clean, clip, coded, hanging, pad, width, wrap

TEXTS = st.text(max_size=40)
COLUMNS = st.integers(2, 20)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 東", "plain é 東"),
        ("a\tb\nc\r", "a\\tb\\nc\\r"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202edrow", "\\u202edrow"),
        ("\u200b\ufeff", "\\u200b\\ufeff"),
        ("\udc80", "\\udc80"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_does_not_print_is_spelled_out(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("👋", 2), ("", 0)])
def test_width_is_what_a_terminal_shows(text: str, columns: int) -> None:
    assert width(text) == columns


@given(TEXTS)
def test_cleaned_text_prints(text: str) -> None:
    assert clean(text).isprintable()


@given(TEXTS, COLUMNS)
def test_clipped_text_fits_and_is_whole_where_it_can_be(text: str, columns: int) -> None:
    shown = clip(clean(text), columns)
    assert width(shown) <= columns
    assert shown == clean(text) or shown.endswith("…")


@given(TEXTS, COLUMNS)
def test_wrapped_text_fits_and_loses_nothing_but_spaces(text: str, columns: int) -> None:
    lines = wrap(clean(text), columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


def test_padding_counts_columns() -> None:
    assert pad("東", 4) + "|" == "東  |"
    assert pad("long", 2) == "long"


def test_hanging_text_lines_up_below_itself() -> None:
    assert hanging("why: ", "one two three", 12) == ["why: one two", "     three"]


@given(TEXTS, TEXTS, st.integers(8, 60))
def test_wrapping_does_not_touch_a_quoted_value(one: str, other: str, columns: int) -> None:
    lines = wrap(f"message 1 was accepted as {quote(one)} instead of {quote(other)}", columns)
    assert all(width(line) <= columns for line in lines)
    assert all(quote(value) in "".join(lines) for value in (one, other))


def test_wrapped_text_keeps_runs_of_spaces() -> None:
    assert wrap("accepted as '  I' instead of 'I  '", 80) == ["accepted as '  I' instead of 'I  '"]
    assert wrap("accepted as '  I' instead of 'I  '", 20) == ["accepted as '  I'", "instead of 'I  '"]
    assert wrap("the client's text and the mock's", 22) == ["the client's text and", "the mock's"]


def test_a_value_that_is_longer_than_a_line_is_cut_beside_no_space() -> None:
    assert wrap("as 'one  two three'", 9) == ["as", "'one  tw", "o three'"]


def test_names_in_backticks_are_code_but_not_those_of_a_client() -> None:
    assert list(coded("Take `id` from 'a `b` c'.")) == [(False, "Take "), (True, "id"), (False, " from 'a `b` c'.")]
