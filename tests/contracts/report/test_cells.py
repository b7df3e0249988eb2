"""Text in columns: wide characters count twice, combining ones not at all, and nothing unprintable gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.report.cells import clean, clip, hanging, pad, width, wrap

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
