"""Is another try allowed, how often, and when? The edges of the wording."""

from __future__ import annotations

import pstats
from cProfile import Profile
from typing import Any

import pytest

from contracts.clauses import judged
from contracts.clauses.refusals import R1, R2
from contracts.judge import DEFAULTS, Case
from tests.contracts.clauses.examples import deliver
from tests.contracts.tape import DEAD, LOST_REQUEST, LOST_RESPONSE, OPAQUE, SCOPE, Tape

FAILURES: list[dict[str, Any]] = [{"status": 429, "retry_after": 0}, {"status": 503}, LOST_REQUEST, {"delivery": "truncated"}]


def opened(**policy: Any) -> Tape:
    tape = Tape(**policy)
    tape.begin()
    tape.token()
    return tape


def test_r1_holds_across_messages() -> None:
    tape = opened()
    session = tape.create()
    tape.send(session, **DEAD)
    tape.end("failed")
    tape.begin()
    tape.send(session, **DEAD)
    assert tape.status("R1") == "violated"


def test_r1_leaves_an_id_that_was_used_up_before_to_s1() -> None:
    tape = opened()
    session = tape.create()
    tape.send(session)
    tape.send(session, **DEAD)
    assert tape.status("R1") == "held"
    tape.send(session, **DEAD)
    judgement = tape.judged()
    assert [verdict.code for verdict in judgement.violated] == ["S1"]
    assert judgement.of("R1").status == "inconclusive"
    assert judgement.of("R1").message.endswith("it had been used up before, which is for S1 to judge")


@pytest.mark.parametrize(("refusals", "status"), [(1, "held"), (2, "inconclusive")])
def test_r1_alone_does_not_hold_if_only_s1_would_tell(refusals: int, status: str) -> None:
    tape = opened()
    session = tape.create()
    tape.send(session)
    for _ in range(refusals):
        tape.send(session, **DEAD)
    verdict = judged(tape.entries, clauses=[R1]).of("R1")
    assert verdict.status == status
    assert verdict.message.endswith("ask for S1 too") == (status == "inconclusive")


def test_r1_holds_for_an_id_that_a_bare_403_left_alive() -> None:
    tape = opened()
    session = tape.create()
    tape.send(session, **OPAQUE)
    tape.send(session)
    assert tape.status("R1") == "violated"


def test_r2_takes_twice_as_long_for_twice_as_many_refusals() -> None:
    counts = []
    for refusals in (200, 400):
        tape = opened()
        session = tape.create()
        for _ in range(refusals):
            tape.send(session, **OPAQUE)
        case, profile = Case(tape.judged().history, DEFAULTS), Profile()
        profile.runcall(list, R2.marks(case))
        counts.append(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]
    assert counts[1] < 2.5 * counts[0]


def test_r1_does_not_mind_a_scope_that_was_missing() -> None:
    tape = opened()
    session = tape.create()
    tape.send(session, **SCOPE)
    tape.perturb("grant_scope")
    tape.send(session)
    assert tape.status("R1") == "not_exercised"


def died(tape: Tape) -> str:
    session = tape.create()
    tape.send(session, **DEAD)
    return session


def test_r2_asks_for_a_fresh_session_and_not_for_its_success() -> None:
    tape = opened()
    died(tape)
    tape.create(status=503)
    tape.end("failed")
    assert tape.status("R2") == "held"


def test_r2_is_broken_where_none_was_created() -> None:
    tape = opened()
    died(tape)
    tape.end("failed")
    assert tape.judged().of("R2").message == "no fresh session was created for message 1 after a 403 for a dead one"


@pytest.mark.parametrize(
    "earlier",
    [
        [{"status": 429, "retry_after": 0}] * 2,
        [LOST_RESPONSE],
        [SCOPE],
    ],
    ids=["tried enough", "may be delivered", "not allowed"],
)
def test_r2_asks_for_nothing_where_the_client_had_reason_to_stop(earlier: list[dict[str, Any]]) -> None:
    tape = opened()
    session = tape.create()
    for answer in earlier:
        tape.send(session, **answer)
    tape.send(session, **DEAD)
    tape.end("failed")
    assert tape.status("R2") == "not_exercised"


def test_r2_asks_for_it_after_an_unknown_outcome_where_messages_may_be_doubled() -> None:
    tape = opened()
    tape.send(tape.create(), **LOST_RESPONSE)
    died(tape)
    tape.end("failed")
    assert tape.status("R2", delivery="at-least-once") == "violated"


def test_r2_asks_for_nothing_where_no_token_could_be_had() -> None:
    tape = opened()
    died(tape)
    tape.token(status=503)
    tape.end("failed")
    assert tape.status("R2") == "not_exercised"


def test_r2_asks_for_nothing_once_one_operation_failed_often_enough() -> None:
    tape = opened()
    for _ in range(3):
        tape.create(status=503)
    died(tape)
    tape.end("failed")
    assert tape.status("R2") == "not_exercised"


@pytest.mark.parametrize(("seconds", "status"), [(120, "violated"), (121, "not_exercised")])
def test_r2_asks_for_nothing_once_any_deadline_was_over(seconds: float, status: str) -> None:
    tape = opened()
    session = tape.create()
    tape.perturb("advance", seconds=seconds)
    tape.send(session, **DEAD)
    tape.end("failed")
    assert tape.status("R2") == status


def test_r2_says_nothing_of_a_client_that_never_returned() -> None:
    tape = opened()
    died(tape)
    tape.end("never")
    assert tape.status("R2") == "not_exercised"


def test_r2_lets_a_client_go_on_after_a_second_403_that_had_a_reason() -> None:
    tape = opened()
    died(tape)
    died(tape)
    tape.send(tape.create())
    tape.end()
    assert tape.status("R2") == "held"


def test_r3_ends_with_the_message() -> None:
    tape = opened()
    tape.create(**SCOPE)
    tape.end("failed")
    tape.begin()
    tape.create(**SCOPE)
    tape.end("failed")
    assert tape.status("R3") == "held"


def test_r3_does_not_excuse_a_try_by_what_happened_while_it_was_on_its_way() -> None:
    tape = opened()
    session = tape.create()
    tape.send(session, **SCOPE)
    tape.perturb("grant_scope")
    tape.send(session)
    assert tape.status("R3") == "violated"


def test_r3_lets_a_try_pass_that_left_after_a_grant_change() -> None:
    tape = opened()
    session = tape.create()
    tape.send(session, **SCOPE)
    tape.perturb("grant_scope")
    tape.token("t:2")
    tape.send(session)
    tape.end()
    assert tape.status("R3") == "held"


def test_r3_is_not_put_to_the_test_by_a_403_that_was_cut_short() -> None:
    tape = opened()
    tape.create(**SCOPE, delivery="truncated")
    tape.create()
    assert tape.status("R3") == "not_exercised"


def test_r3_lets_tokens_be_fetched() -> None:
    tape = opened()
    tape.create(**SCOPE)
    tape.token("t:2")
    tape.end("failed")
    assert tape.status("R3") == "held"


def test_r3_wants_failure_to_be_reported() -> None:
    tape = opened()
    tape.create(**SCOPE)
    tape.end("accepted")
    assert "reported as delivered" in tape.judged().of("R3").message


def test_r3_lets_success_be_reported_where_the_message_had_been_accepted() -> None:
    tape = opened()
    session, spare = tape.create(), tape.create()
    tape.send(session)
    tape.send(spare, **SCOPE)
    tape.end("accepted")
    assert tape.status("R3") == "held"


def test_r3_says_nothing_of_another_messages_requests() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    tape.create("ann", **SCOPE)
    tape.create("bob", **SCOPE)
    assert tape.status("R3") == "held"


@pytest.mark.parametrize("failure", FAILURES)
def test_r4_counts_every_kind_of_failure(failure: dict[str, Any]) -> None:
    tape = opened()
    for _ in range(5):
        tape.create(**failure)
    assert tape.status("R4") == "held"
    tape.create()
    assert tape.status("R4") == "violated"


def test_r4_counts_in_a_row_by_operation_and_by_message() -> None:
    tape = opened()
    for _ in range(3):
        for _ in range(4):
            tape.create(status=503)
        tape.send(tape.create(), status=503)
    tape.end("failed")
    tape.begin()
    for _ in range(5):
        tape.create(status=503)
    assert tape.status("R4") == "held"


def test_r4_does_not_count_refusals() -> None:
    tape = opened()
    for _ in range(10):
        tape.create(status=401)
    assert tape.status("R4") == "not_exercised"


def test_r4_allows_each_of_several_messages_its_share_of_token_calls() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    for _ in range(10):
        tape.token(status=503)
    assert tape.status("R4") == "held"
    tape.token()
    assert tape.status("R4") == "violated"


def test_r4_leaves_to_messages_that_are_over_the_share_they_had() -> None:
    tape = Tape()
    for number in range(4):
        tape.begin(f"for {number}", f"guest {number}", item=0)
    for number in range(4):
        for _ in range(4):
            tape.token(status=503)
        tape.end("failed", intent=number)
    assert tape.status("R4") == "held"


def test_r4_takes_its_bound_as_a_parameter() -> None:
    tape = opened()
    for _ in range(3):
        tape.create(status=503)
    assert tape.status("R4", max_attempts=3) == "held"
    assert tape.status("R4", max_attempts=2) == "violated"


@pytest.mark.parametrize(("waited", "status"), [(1.998, "violated"), (1.999, "held"), (2.0, "held"), (60, "held")])
def test_r5_allows_for_stamps_that_are_whole_milliseconds(waited: float, status: str) -> None:
    tape = opened()
    tape.create(status=429, retry_after=2)
    tape.wait(waited)
    tape.create()
    assert tape.status("R5") == status


@pytest.mark.parametrize(("clock", "status"), [("virtual", "violated"), ("wall", "violated"), ("mixed", "inconclusive")])
def test_r5_is_sound_wherever_waits_can_only_be_longer_than_they_look(clock: Any, status: str) -> None:
    tape = Tape(clock)
    tape.begin()
    tape.create(status=429, retry_after=30)
    tape.wait(1)
    tape.create()
    assert tape.status("R5") == status


def test_r5_binds_the_operation_that_was_refused_and_no_other() -> None:
    tape = opened()
    session = tape.create()
    tape.send(session, status=429, retry_after=30)
    tape.token("t:2")
    tape.create()
    assert tape.status("R5") == "held"


def test_r5_counts_from_when_the_refusal_came_back() -> None:
    tape = opened()
    tape.create(status=429, retry_after=5, delay=10)
    tape.wait(1)
    tape.create()
    assert tape.status("R5") == "violated"


def test_r5_ends_with_the_message() -> None:
    tape = opened()
    tape.create(status=429, retry_after=600)
    tape.end("failed")
    tape.begin()
    tape.create()
    assert tape.status("R5") == "held"


@pytest.mark.parametrize(("waited", "status"), [(0, "violated"), (0.098, "violated"), (0.1, "held")])
def test_r6_wants_a_pause_after_a_server_error(waited: float, status: str) -> None:
    tape = opened()
    tape.create(status=500)
    tape.wait(waited)
    tape.create()
    assert tape.status("R6") == status


@pytest.mark.parametrize("answer", [{"status": 429, "retry_after": 1}, LOST_REQUEST, {"status": 401}])
def test_r6_is_about_server_errors_alone(answer: dict[str, Any]) -> None:
    tape = opened()
    tape.create(**answer)
    tape.create()
    assert tape.status("R6") == "not_exercised"


@pytest.mark.parametrize("told", [{}, {"retry_after": 1, "retry_after_text": "0.5"}], ids=["nothing", "a fraction"])
def test_r6_wants_a_pause_after_a_429_that_names_no_whole_seconds(told: dict[str, Any]) -> None:
    tape = opened()
    tape.create(status=429, **told)
    tape.create()
    assert tape.status("R6") == "violated"


@pytest.mark.parametrize(
    ("told", "waited", "status"),
    [
        ({"retry_after": 20}, 19, "violated"),
        ({"retry_after": 20}, 20, "held"),
        ({"retry_after": 20, "retry_after_text": "Thu, 01 Jan 2026 12:00:20 GMT"}, 1, "not_exercised"),
        ({"retry_after": 2, "retry_after_text": "1.5"}, 1, "not_exercised"),
    ],
)
def test_r5_is_about_whole_seconds_because_nothing_else_is_documented(told: dict[str, Any], waited: float, status: str) -> None:
    tape = opened()
    tape.create(status=429, **told)
    tape.wait(waited)
    tape.create()
    assert tape.status("R5") == status


def test_r4_counts_a_200_that_cannot_be_used() -> None:
    tape = opened()
    for _ in range(6):
        tape.create(unusable=True)
        tape.wait(1)
    assert tape.status("R4") == "violated"


def test_r6_binds_the_next_try_of_the_same_operation() -> None:
    tape = opened()
    tape.send(tape.create(), status=503)
    session = tape.create()
    assert tape.status("R6") == "held"
    tape.send(session)
    assert tape.status("R6") == "violated"


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415])
def test_r7_forbids_the_same_request_again(status: int) -> None:
    tape = opened()
    tape.create(status=status, fault="made up")
    tape.create()
    assert tape.status("R7") == "violated"


def test_r7_lets_a_changed_request_pass() -> None:
    tape = opened()
    tape.send(tape.create(), status=400, fault="status 400")
    tape.send(tape.create())
    assert tape.status("R7") == "held"


def test_r7_lets_the_next_message_make_the_same_request() -> None:
    tape = opened()
    tape.token(status=400)
    tape.end("failed")
    tape.begin()
    tape.token()
    assert tape.status("R7") == "held"


def test_r7_takes_a_recording_without_intents_as_one_piece_of_work() -> None:
    tape = Tape("wall", "socket")
    tape.create(status=400)
    tape.create(status=400)
    assert tape.status("R7") == "violated"


def test_the_clauses_of_single_messages_say_nothing_of_a_recording_without_intents() -> None:
    tape = Tape("wall", "socket")
    for _ in range(8):
        tape.create(**SCOPE)
        tape.create(status=503)
        tape.create(status=429, retry_after=60)
    unsaid = ["R2", "R3", "R4", "R5", "R6", "S3", "S6", "A1", "A4", "D1", "D2", "D3", "D4", "D5", "D6"]
    judgement = tape.judged()
    assert {code: judgement.of(code).status for code in unsaid} == dict.fromkeys(unsaid, "not_exercised")
    assert judgement.of("R3").message == "a recording cannot show this"


def test_good_work_exercises_none_of_the_clauses_about_refusals() -> None:
    tape = Tape()
    tape.token()
    deliver(tape)
    assert all(verdict.status == "not_exercised" for verdict in tape.judged().verdicts if verdict.code[0] == "R")
