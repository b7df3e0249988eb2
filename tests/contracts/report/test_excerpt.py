"""Long recordings: what clashes is shown with what is around it, the rest is counted."""

from __future__ import annotations

import pytest

from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.report import html, markdown
from contracts.report.excerpt import AFTER, BEFORE, FIRST, LONG, excerpt
from contracts.report.model import Report
from contracts.report.rows import Row
from contracts.report.style import Style
from contracts.report.text import render
from contracts.report.timeline import rows
from tests.contracts.report.stories import reported
from tests.contracts.report.test_html import Page
from tests.contracts.tape import DEAD, Tape


def recording(before: int, between: int = 0, after: int = 0) -> Report:
    """A recording in which an id is used twice, with other requests around each use."""
    tape = Tape("wall", "socket")
    tape.token()
    others(tape, before)
    session = tape.create()
    tape.send(session)
    others(tape, between)
    tape.send(session, **DEAD)
    others(tape, after)
    return reported(tape, "S1")


def others(tape: Tape, count: int) -> None:
    for _ in range(count):
        tape.create()


def drawn(report: Report) -> list[Row]:
    (result,) = report.violated
    assert result.counterexample is not None
    return rows(build_history(well_formed(result.counterexample.trace)), result.counterexample.evidence)


def test_a_short_history_is_shown_whole() -> None:
    whole = drawn(recording(LONG - 4))
    assert len(whole) == LONG
    assert excerpt(whole) == whole


def test_of_a_long_one_what_clashes_is_shown_with_what_is_around_it() -> None:
    whole = drawn(recording(1000, 2000, 3000))
    shown = excerpt(whole)
    gaps = [row.text for row in shown if row.kind == "gap"]
    assert len(gaps) == 3
    left_out = sum(int(text.split()[0]) for text in gaps)
    assert left_out + len(shown) - len(gaps) == len(whole)
    assert len(shown) == FIRST + 2 * (BEFORE + 1 + AFTER) + len(gaps)
    assert [row.marks for row in shown if row.marks] == [("first use",), ("used again",)]


def test_a_gap_of_one_line_would_save_nothing() -> None:
    whole = drawn(recording(100, BEFORE + AFTER + 1))
    assert len([row for row in excerpt(whole) if row.kind == "gap"]) == 1


def test_every_report_for_people_leaves_it_out() -> None:
    report = recording(1000, 2000)
    for told in (render(report), markdown.render(report), Page(report).shown):
        assert "lines are left out" in told
        assert len(told) < 30_000
        assert "used again" in told
    assert len(html.render(report)) < 100_000


def test_numbers_of_many_digits_keep_their_distance() -> None:
    told = render(recording(1000)).splitlines()
    (line,) = [line for line in told if line.startswith("  > ") and " 200 " in line]
    assert line.split()[:4] == [">", "0.000", "1003", "POST"]


@pytest.mark.parametrize("unicode", [True, False])
def test_a_gap_can_be_printed_anywhere(unicode: bool) -> None:
    told = render(recording(100), Style(unicode=unicode))
    (gap,) = [line for line in told.splitlines() if "left out" in line]
    assert gap.split()[1] == ("⋮" if unicode else ":")
