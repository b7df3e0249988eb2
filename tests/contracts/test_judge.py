"""The fold over clauses: four verdicts, the clock, and what explains what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.clauses import CLAUSES, judged
from contracts.history import Call, CallLeft, CallReturned, IntentEnded, Moment
from contracts.judge import (
    ANY_CLOCK,
    EXERCISED,
    LOWER_BOUND,
    UPPER_BOUND,
    Breach,
    Case,
    Clause,
    Evidence,
    Mark,
    Parameters,
    StatefulClause,
    Status,
    closeness,
    judge,
)
from contracts.judge.deciding import MOVED_CLOCK, OFF_CLOCK
from mockserver.journal import Returned
from tests.contracts.tape import DEAD, Tape, bearer

BREACH = Breach("too many", (Evidence("here", 1),))
DOUBT = Breach("perhaps", (Evidence("there", 2),), certain=False)


def clause(code: str = "X1", step: Callable[[Any, Moment, Case], tuple[Any, Mark]] | None = None, **fields: Any) -> Clause:
    values: dict[str, Any] = {
        "name": "example",
        "statement": "",
        "reason": "",
        "advice": (),
        "stimulus": "",
        "start": 0,
        "on": (CallLeft,),
        "step": step or marks(None),
    }
    return StatefulClause(code=code, **values | fields)


def marks(*given: Mark) -> Callable[[int, Moment, Case], tuple[int, Mark]]:
    """A step that gives these marks, one after another, and then none: its state counts."""
    return lambda count, _moment, _case: (count + 1, given[count] if count < len(given) else None)


def calls(count: int, clock: Any = "virtual") -> Tape:
    tape = Tape(clock)
    for _ in range(count):
        tape.create()
    return tape


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ([None, None], Status.NOT_EXERCISED),
        ([None, EXERCISED], Status.HELD),
        ([EXERCISED, BREACH], Status.VIOLATED),
        ([DOUBT, EXERCISED], Status.INCONCLUSIVE),
        ([DOUBT, BREACH], Status.VIOLATED),
        ([BREACH, DOUBT], Status.VIOLATED),
    ],
)
def test_a_clause_ends_in_one_of_four_ways(given: list[Mark], status: Status) -> None:
    judgement = judge(calls(2).entries, [clause(step=marks(*given))])
    assert judgement.verdicts[0].status is status


def test_the_first_certain_breach_is_the_one_that_is_told() -> None:
    step = marks(DOUBT, BREACH, Breach("later", ()))
    verdict = judge(calls(3).entries, [clause(step=step)]).of("X1")
    assert (verdict.message, verdict.evidence) == ("too many", (Evidence("here", 1),))


def test_a_step_sees_the_moments_it_asks_for_in_order_and_hands_its_state_on() -> None:
    seen: list[tuple[int, type[Moment]]] = []

    def step(count: int, moment: Moment, _: Case) -> tuple[int, Mark]:
        seen.append((count, type(moment)))
        return count + 1, None

    tape = calls(1)
    tape.begin()
    tape.create()
    tape.end()
    judge(tape.entries, [clause(step=step, on=(CallReturned, IntentEnded))])
    assert seen == [(0, CallReturned), (1, CallReturned), (2, IntentEnded)]


@pytest.mark.parametrize(
    ("clocks", "sound"),
    [(ANY_CLOCK, {"virtual", "wall", "mixed"}), (LOWER_BOUND, {"virtual", "wall"}), (UPPER_BOUND, {"virtual"})],
)
def test_a_breach_counts_only_on_a_clock_that_bears_it_out(clocks: Any, sound: set[str]) -> None:
    timed = clause(step=marks(BREACH), clocks=clocks)
    for clock in ("virtual", "wall", "mixed"):
        verdict = judge(calls(1, clock).entries, [timed]).of("X1")
        assert verdict.status is (Status.VIOLATED if clock in sound else Status.INCONCLUSIVE)
        why = MOVED_CLOCK if clocks is LOWER_BOUND else OFF_CLOCK
        assert verdict.message == "too many" + ("" if clock in sound else f"; uncertain, because {why}")


@pytest.mark.parametrize(
    ("what", "detail", "why"),
    [("advance", {"seconds": 30}, MOVED_CLOCK), ("freeze_clock", {}, MOVED_CLOCK), ("reset_faults", {}, OFF_CLOCK)],
)
@pytest.mark.parametrize("clock", ["wall", "mixed"])
def test_a_pause_that_the_control_api_ordered_is_not_the_machine_s(what: str, detail: Any, why: str, clock: Any) -> None:
    tape = Tape(clock)
    tape.token()
    session = tape.create()
    tape.perturb(what, **detail)
    tape.wait(30)
    tape.send(session)
    verdict = tape.judged().of("S2")
    assert verdict.status == "inconclusive"
    assert verdict.message.endswith(f"5 s are allowed; uncertain, because {why}")


def test_a_clock_that_was_moved_before_the_calls_explains_no_pause_between_them() -> None:
    tape = Tape("mixed")
    tape.token()
    tape.perturb("advance", seconds=30)
    session = tape.create()
    tape.wait(30)
    tape.send(session)
    assert OFF_CLOCK in tape.judged().of("S2").message


def test_a_clause_that_needs_intents_says_so_where_there_are_none() -> None:
    verdict = judge(calls(1).entries, [clause(step=marks(BREACH), needs_intents=True)]).of("X1")
    assert (verdict.status, verdict.message) == (Status.NOT_EXERCISED, "a recording cannot show this")


def test_a_clause_may_be_spared_by_a_parameter() -> None:
    spared = clause(step=marks(BREACH), spared=lambda case: "not today" if case.parameters.one_shot else "")
    entries = calls(1).entries
    assert judge(entries, [spared], Parameters(one_shot=True)).of("X1").message == "not today"
    assert judge(entries, [spared]).of("X1").status is Status.VIOLATED


def test_a_root_is_reported_and_what_it_explains_is_not() -> None:
    broken = [clause(code, marks(BREACH)) for code in ("X1", "X2", "X3")]
    judgement = judge(calls(1).entries, [*broken, clause("X4")], explains={"X1": ("X2", "X4"), "X9": ("X3",)})
    assert [verdict.code for verdict in judgement.violated] == ["X1", "X3"]
    assert judgement.of("X2").explained_by == "X1"
    assert judgement.of("X2").status is Status.VIOLATED
    assert judgement.of("X4").explained_by is None


def test_a_verdict_that_was_not_asked_for_is_not_there() -> None:
    with pytest.raises(KeyError):
        judge([], [clause()]).of("X2")


def test_closeness_is_told_where_the_clause_can_tell() -> None:
    judgement = judge(calls(3).entries, [])
    case = Case(judgement.history, Parameters())

    def calls_made(case: Case) -> float:
        return len(case.history.calls)

    assert closeness(clause(closeness=calls_made), case) == 3
    assert closeness(clause(), case) is None
    assert closeness(clause(closeness=calls_made, needs_intents=True), case) is None


def test_closeness_grows_as_histories_come_closer_to_a_breach() -> None:
    def near(retries: int) -> dict[str, float]:
        tape = Tape()
        tape.begin()
        session = tape.create()
        for _ in range(retries):
            tape.wait(1)
            tape.create(status=503)
            tape.create(status=401)
            tape.send(session, **DEAD)
        case = Case(tape.judged().history, Parameters())
        told = {clause.code: closeness(clause, case) for clause in CLAUSES}
        return {code: value for code, value in told.items() if value is not None}

    before, after = near(1), near(2)
    assert {code for code in before if before[code] < after[code]} >= {"S1", "S2", "R1", "R2", "A1", "A2", "A3"}


def test_the_judge_asks_for_a_few_clauses_as_well_as_for_all() -> None:
    tape = Tape()
    tape.begin()
    tape.end("failed")
    some = [clause for clause in CLAUSES if clause.code in {"D2", "W1"}]
    assert [verdict.code for verdict in judged(tape.entries, clauses=some).verdicts] == ["D2", "W1"]


def test_a_long_recording_is_judged_in_work_that_grows_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often an id, a token and a request come back: what is looked up is filed, not searched for."""
    tape = Tape("wall", "socket")
    session = tape.create()
    for number in range(2000):
        tape.send(session, status=401)
        tape.send(f"other-{number}", f"text {number}", status=400)
    looks, was_over = [0], Call.was_over

    def counted(call: Call, place: int) -> bool:
        looks[0] += 1
        return was_over(call, place)

    monkeypatch.setattr(Call, "was_over", counted)
    assert tape.judged().of("S2").status == "held"
    assert looks[0] < 20 * len(tape.entries)


def test_in_a_recording_of_many_messages_a_root_explains_what_befell_its_own_sessions_alone() -> None:
    tape = Tape("wall")
    tape.send(tape.create())
    again = tape.create()
    tape.send(again)
    tape.send(again, **DEAD)
    for _ in range(2):
        tape.send("{{session}}", **DEAD)
    judgement = judged(tape.entries)
    assert [verdict.code for verdict in judgement.violated] == ["S1", "S5"]
    assert judgement.of("R1").explained_by == "S5"


def one_after_another(*stories: Callable[[Tape], None]) -> Tape:
    tape = Tape()
    tape.token()
    for number, story in enumerate(stories):
        tape.begin(f"message {number}")
        story(tape)
        tape.end("failed")
    return tape


def breaks_the_schema(tape: Tape) -> None:
    tape.answer(tape.leave("send", bearer("t:1"), {"webChatSessionId": tape.create()}), 400)


def gives_up(tape: Tape) -> None:
    tape.create(status=503)


def test_a_violation_is_explained_by_one_of_the_same_message() -> None:
    judgement = one_after_another(breaks_the_schema).judged()
    assert judgement.of("D2").explained_by == "W1"


def test_a_violation_of_another_message_stands_for_itself() -> None:
    judgement = one_after_another(breaks_the_schema, gives_up).judged()
    assert {verdict.code for verdict in judgement.violated} == {"W1", "D2"}
    assert judgement.of("D2").message.startswith("message 2 was not delivered")


def test_a_reaction_to_an_answer_is_uncertain_if_the_request_was_on_its_way_already() -> None:
    tape = one_after_another()
    tape.begin()
    first = tape.leave_create()
    tape.answer(first, 401)
    tape.returned(first)
    second = tape.leave_create()
    tape.answer(second, 401)
    tape.entries.append(Returned(len(tape.entries), tape.now, second, True, overtaken_by=1))
    told = tape.judged().of("A1")
    assert told.status is Status.INCONCLUSIVE
    assert "was on its way before that answer came back" in told.message
