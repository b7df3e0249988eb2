"""The text report: looks as it did when somebody looked at it, fits its width, and prints nothing a terminal would obey."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.judge import Status
from contracts.judge.deciding import OFF_CLOCK
from contracts.output import OutputLine
from contracts.report.cells import width
from contracts.report.model import Report
from contracts.report.places import history_of
from contracts.report.style import Style
from contracts.report.text import counterexample, render, summary
from contracts.report.timeline import rows
from tests.contracts.report.stories import SNAPSHOTS, STORIES, expected, hostile, noisy, raced, recorded, reused
from tests.contracts.tape import Tape

REPORTS = [reused, raced, hostile, recorded, expected, noisy]
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", STORIES)
def test_it_looks_as_it_did_when_somebody_looked_at_it(name: str) -> None:
    assert STORIES[name]() == (SNAPSHOTS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", [20, 60, 61, 79, 80, 100, 200])
@pytest.mark.parametrize("story", REPORTS)
def test_every_line_fits_from_60_columns_on(story: Callable[[], Report], columns: int) -> None:
    told = render(story(), Style(columns=columns))
    commands = ("  reproduce", "  again", "  keep", "  then", "  as a test", "  as curl", "  explain")
    lines = [line for line in told.splitlines() if not line.startswith(commands)]
    assert max(width(line) for line in lines) <= max(60, columns)


@pytest.mark.parametrize("story", REPORTS)
@pytest.mark.parametrize("unicode", [True, False])
def test_nothing_is_printed_that_a_terminal_would_obey(story: Callable[[], Report], unicode: bool) -> None:
    told = render(story(), Style(columns=80, unicode=unicode))
    assert all(char.isprintable() for char in told.replace("\n", ""))
    assert unicode or told.isascii()


@pytest.mark.parametrize("story", REPORTS)
def test_colour_changes_nothing_but_colours(story: Callable[[], Report]) -> None:
    plain, painted = render(story(), Style(columns=80)), render(story(), Style(columns=80, colour=True))
    assert [line.rstrip() for line in SGR.sub("", painted).splitlines()] == plain.splitlines()
    assert "\x1b[" in painted


def test_the_lines_that_clash_are_marked_and_named() -> None:
    told = render(reused()).splitlines()
    marked = [number for number, line in enumerate(told) if line.startswith("  > ")]
    assert [told[number + 1].split()[1:] for number in marked] == [["first", "use"], ["used", "again"]]


def test_a_counterexample_tells_how_to_see_it_again() -> None:
    assert "reproduce   dayfly replay corpus/S1-3f2a91bc.json clients/cached.py:make\n" in render(reused())
    report = replace(reused(), replay_with="--command 'node x.mjs'")
    assert "dayfly replay corpus/S1-3f2a91bc.json --command 'node x.mjs'\n" in render(report)
    assert " --clause S1 --emit pytest > test_s1.py\n" in render(reused())
    assert "reproduce" not in render(raced())
    assert "again       dayfly verify clients/cached.py:make --seed 7\n" in render(raced())
    assert "keep        dayfly verify clients/cached.py:make --seed 7 --corpus corpus\n" in render(raced())
    assert "then        dayfly replay corpus/R5-" in render(raced())
    assert "dayfly verify" not in render(recorded())


def test_confidence_and_minimality_are_claimed_only_where_they_were_checked() -> None:
    assert "deterministic, 10 of 10 replays" in render(reused())
    assert "= minimal: without any one of these steps the client passes" in render(reused())
    assert "confidence: 4 of 5 replays" in render(raced())
    assert "= not minimal: the runs for making it smaller were used up" in render(raced())
    assert "minimal: " not in render(noisy())
    assert "smallest" not in render(raced())


def test_waits_tell_what_was_asked_for() -> None:
    told = render(raced())
    assert "the client waited" in told
    assert "└" in told
    assert "end_sessions(count=1)" in told


def waits(tape: Tape) -> list[str]:
    history = build_history(well_formed(tape.entries), None)
    return [row.text for row in rows(history) if row.kind == "wait"]


def test_the_wait_that_was_asked_for_counts_to_the_call_that_the_finding_is_about() -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    tape.send(tape.create(), status=429, retry_after=3)
    tape.wait(0.5)
    tape.send(tape.create(delay=1), status=429, retry_after=1)
    tape.wait(1)
    tape.send(tape.create())
    tape.end()
    told = tape.judged().of("R5")
    assert told.message == "a send left 1.5 s after a 429 that said Retry-After 3"
    assert waits(tape) == [
        "the client waited 0.5 s",
        "1.5 s after the 429; Retry-After said 3 s",
        "the client waited 1 s",
        "1 s after the 429; Retry-After said 1 s",
    ]


def test_a_wait_for_the_same_call_is_told_in_one_line() -> None:
    tape = Tape()
    tape.begin()
    tape.token(status=429, retry_after=2)
    tape.wait(2)
    tape.token(status=429, retry_after=9)
    tape.end("failed")
    assert waits(tape) == ["the client waited 2 s; Retry-After said 2 s", "the client waited 0 s; Retry-After said 9 s"]


def test_a_clause_of_somebody_elses_is_told_without_its_advice() -> None:
    report = replace(reused(), demands=())
    assert "rule:" not in counterexample(report, report.violated[0])


def test_the_summary_counts_verdicts_and_says_why_a_clause_did_not_hold() -> None:
    told = summary(reused())
    assert told.startswith("clients/cached.py:make: 38 runs, seed 7, at-most-once, 1.2 s\n")
    assert "  S1 session-reused          violated          38  session s1 was used twice (#3, #4, s1)\n" in told
    assert "1 violated · " in told


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_why_a_clause_is_inconclusive_is_told_in_full(columns: int) -> None:
    why = f"session s1 was 6 s old when it was used; 5 s are allowed; uncertain, because {OFF_CLOCK}"
    clauses = tuple(replace(one, status=Status.INCONCLUSIVE, message=why) for one in reused().clauses if one.code == "S2")
    told = summary(replace(reused(), clauses=clauses), Style(columns=columns))
    assert why in " ".join(told.split())


def test_why_a_recording_does_not_do_has_room_in_a_narrow_table() -> None:
    told = render(recorded(), Style(columns=80))
    assert "  D2 not-delivered           not exercised      0  a recording cannot show this\n" in told


def test_output_is_cut_to_a_few_lines_and_says_where_the_rest_is() -> None:
    told = render(noisy())
    assert told.count("DEBUG:pool:connection  ") == 5
    assert "┊ … 4 more lines; --report html:FILE shows all\n" in told


def test_output_of_a_process_stands_below_if_it_has_no_place() -> None:
    assert "what the client wrote to stderr" in render(reused())
    (result,) = reused().violated
    assert result.counterexample is not None
    placed = replace(result.counterexample, log=(OutputLine(1, "stderr", "warning"),))
    report = replace(reused(), clauses=(replace(result, counterexample=placed),))
    assert "what the client wrote to stderr" not in render(report)


def test_times_of_a_table_are_in_order() -> None:
    for story in REPORTS:
        for result in story().violated:
            assert result.counterexample is not None
            at = [row.at for row in rows(history_of(result.counterexample), log=result.counterexample.log)]
            assert at == sorted(at)


def test_a_row_that_is_out_of_order_says_so() -> None:
    tape = Tape("wall")
    tape.token()
    tape.wait(10)
    tape.create()
    tape.wait(-5)
    tape.create()
    told = rows(build_history(well_formed(tape.entries)))
    late = [row.at < max(earlier.at for earlier in told[: nth + 1]) for nth, row in enumerate(told)]
    assert any(late)
    assert [row.state.endswith("out of order") for row in told] == late


@pytest.mark.parametrize(("item", "told"), [(0, "the client waited 2 s"), (1, "the client waited 2 s; Retry-After said 9 s")])
def test_a_wait_that_was_asked_for_is_not_told_before_what_may_be_another_message_s_call(item: int, told: str) -> None:
    tape = Tape()
    tape.begin(item=0)
    if item == 0:
        tape.begin(name="bob", item=0)
    tape.token(status=429, retry_after=9)
    tape.wait(2)
    tape.token()
    assert waits(tape) == [told]
