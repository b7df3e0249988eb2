"""A trace that contradicts itself is refused, with the entry in question."""

from __future__ import annotations

import pytest

from contracts.clauses import judged
from contracts.errors import ContractsError, TraceMalformed
from contracts.history.validate import well_formed
from mockserver.journal import (
    Answer,
    Arrival,
    Began,
    Ended,
    Entry,
    Header,
    Perturbed,
    Returned,
    ShownCredential,
    decode,
    encode,
)
from tests.contracts.tape import Tape, guest


def arrival(seq: int, at: int = 0, context: str = "a") -> Arrival:
    return Arrival(seq, at, context, "POST", "/oauth/token", "token", ShownCredential("none"))


def answer(seq: int, at: int = 0, context: str = "a", status: int | None = 200) -> Answer:
    return Answer(seq, at, context, status, "token.issued")


def began(seq: int, intent: int = 0) -> Began:
    return Began(seq, 0, intent, guest("ann"), "hello")


VIRTUAL = Header(clock="virtual")


@pytest.mark.parametrize(
    ("entries", "seq", "problem"),
    [
        ([arrival(1), Header()], 1, "a header is the first line"),
        ([Header(), Header()], 0, "the only one"),
        ([arrival(2), answer(2)], 2, "numbers must grow"),
        ([arrival(2), answer(1)], 1, "it follows entry 2"),
        ([VIRTUAL, arrival(1, at=5), Perturbed(2, 4, "x")], 2, "virtual time does not go back"),
        ([answer(1)], 1, "no request 'a' arrived before it"),
        ([arrival(1), answer(2), answer(3)], 3, "answered before"),
        ([arrival(1), arrival(2)], 2, "two requests"),
        ([arrival(1), answer(2, status=42)], 2, "42 is not an HTTP status"),
        ([Returned(1, 0, "a")], 1, "no request 'a'"),
        ([arrival(1), Returned(2, 0, "a"), Returned(3, 0, "a")], 3, "came back to the client before"),
        ([began(1), began(2)], 2, "intent 0 began before"),
        ([Ended(1, 0, 0, "failed")], 1, "intent 0 is not open"),
        ([began(1), Ended(2, 0, 0, "failed"), Ended(3, 0, 0, "failed")], 3, "intent 0 is not open"),
    ],
)
def test_a_contradiction_is_named_with_its_place(entries: list[Entry], seq: int, problem: str) -> None:
    with pytest.raises(TraceMalformed) as caught:
        judged(entries)
    assert isinstance(caught.value, ContractsError)
    assert caught.value.seq == seq
    assert problem in caught.value.problem
    assert str(caught.value).startswith(f"the trace is malformed at entry {seq}: ")


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [VIRTUAL],
        [arrival(1, at=5), arrival(2, at=4, context="b")],
        [VIRTUAL, arrival(1), answer(2, at=900), arrival(3, at=1, context="b")],
        [answer(17), Returned(18, 0, "b"), arrival(19, context="c")],
        [arrival(1), Returned(2, 0, "a", answered=False), answer(3)],
        [began(1)],
    ],
    ids=["empty", "header alone", "wall clock", "an answer that leaves later", "cut at its head", "given up", "cut at its end"],
)
def test_what_a_recording_may_look_like(entries: list[Entry]) -> None:
    assert well_formed(entries).entries == [entry for entry in entries if not isinstance(entry, Header)]


def test_a_trace_that_nothing_happens_in_exercises_nothing() -> None:
    judgement = judged([])
    assert {verdict.status for verdict in judgement.verdicts} == {"not_exercised"}


def test_a_trace_is_judged_alike_when_it_was_written_and_read() -> None:
    tape = Tape()
    tape.begin()
    session = tape.create()
    tape.send(session)
    tape.send(session, status=403)
    tape.end("failed")
    again = judged(decode(encode(entry)) for entry in tape.entries)
    assert again.verdicts == tape.judged().verdicts
