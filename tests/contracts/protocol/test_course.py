"""The course of a run as reports show it: waits that were asked for stand at the unit that they are about."""

from __future__ import annotations

import pytest

from contracts.protocol.course import CourseOfRun
from tests.contracts.protocol import clients
from tests.contracts.protocol.tape import Tape
from tests.fixtures.toys import NOON, toy

TOKENS = toy(clients.TOKENS, effects=clients.JOB)
ASKED = {"Retry-After": "9"}


def told(tape: Tape) -> list[tuple[str, str]]:
    """Return the rows about waits and units, with their kinds."""
    return [(row.kind, row.text) for row in CourseOfRun(TOKENS, tape.trace).rows((), ()) if row.kind in {"wait", "intent"}]


@pytest.mark.parametrize(("alone", "words"), [(True, "; Retry-After said 9 s"), (False, "")])
def test_a_wait_that_was_asked_for_stands_at_a_call_of_the_same_unit(alone: bool, words: str) -> None:
    tape = Tape(TOKENS)
    for _ in range(1 if alone else 2):
        tape.unit(1, 9, alone=alone, began_at=NOON + 1000, ended_at=NOON + 9000)
    tape.call("/work", 2, 3, status=429, answer_headers=ASKED)
    tape.call("/work", 5, 6)
    assert ("wait", f"the client waited 2 s{words}") in told(tape)


def test_a_wait_that_was_asked_for_stands_at_the_end_of_its_own_unit() -> None:
    tape = Tape(TOKENS)
    for began in (1, 11):
        tape.unit(began, began + 8, outcome="failed", began_at=NOON + 1000 * began, ended_at=NOON + 1000 * began + 8000)
    tape.call("/work", 12, 13, status=429, answer_headers=ASKED)
    *before, wait, end = told(tape)
    assert wait == ("wait", "the client waited 6 s; Retry-After said 9 s")
    assert end == ("intent", "unit 2: the client reported failure")
    assert all("Retry-After" not in text for _, text in before)
