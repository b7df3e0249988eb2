"""Accusations that the judge may make, and those it may not: races, unheard answers, ambiguous refusals."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from contracts.history import Outcome
from contracts.protocol.course import CourseOfRun
from contracts.protocol.judge import judge
from contracts.protocol.rules import demands
from contracts.protocol.trace import FOREVER
from mockserver.platform import Platform
from tests.contracts.protocol import clients
from tests.contracts.protocol.tape import Tape
from tests.fixtures.toys import NOON, toy

TOKENS = toy(clients.TOKENS, effects=clients.JOB)
SESSIONS = toy(clients.SESSIONS, order="[session]", effects=clients.MESSAGE)
ROTATION = toy(clients.ROTATION, order="[refresh]", effects=clients.TURN)
NONCES = toy(clients.NONCES, order="[nonce]", effects=clients.ORDER)

GONE = {"code": "gone"}


def codes(platform: Platform) -> list[str]:
    return [demand.code for demand in demands(platform)]


def jobs(*, sharp: bool = True) -> Tape:
    """Return the tape of a client that has logged in as it began."""
    tape = Tape(TOKENS, sharp=sharp)
    tape.log_in(0.2, 0.4, "first-token")
    return tape


def test_a_platform_has_the_clauses_that_its_duties_ask_for() -> None:
    of_tokens = ["S4/token", "R1/token", "R2/token", "A2/token", "A3/token", "A4/token", "A5/token", "R4", "R5"]
    assert codes(TOKENS) == [*of_tokens, "D2/job", "D3/job"]
    assert {"S1/session", "D1/message", "D4/message"} <= set(codes(SESSIONS))
    assert "N2/refresh" in codes(ROTATION)
    assert "N1/nonce" in codes(NONCES)


# -- who had to know of a refusal ---------------------------------------------------------------------------------------


def test_a_request_that_left_before_the_refusal_came_back_is_innocent() -> None:
    tape = jobs()
    tape.unit(1, 20)
    tape.refused(2, 5, "first-token")
    tape.call("/work", 4, 6, bearer="first-token", status=401, answer={"code": "bad"})
    tape.log_in(7, 8, "second-token")
    assert tape.broken == set()


def test_a_unit_that_was_under_way_may_have_taken_the_id_before() -> None:
    tape = jobs()
    tape.unit(1, 20)
    tape.unit(1.5, 20)
    tape.refused(2, 5, "first-token")
    tape.refused(6, 7, "first-token")
    tape.log_in(8, 9, "second-token")
    assert tape.broken == set()


@pytest.mark.parametrize("began", [1, 5.5])
def test_the_same_unit_and_one_that_begins_afterwards_had_to_know(began: float) -> None:
    tape = jobs()
    tape.unit(1, 5.2 if began > 1 else 20)
    if began > 1:
        tape.unit(began, 20)
    tape.refused(2, 5, "first-token")
    tape.refused(6, 7, "first-token")
    tape.log_in(8, 9, "second-token")
    assert tape.broken == {"R1/token"}


def test_a_refusal_that_nobody_heard_binds_nobody() -> None:
    tape = jobs()
    tape.unit(1, 20)
    tape.refused(2, 5, "first-token", heard=False)
    tape.refused(6, 7, "first-token", heard=False)
    assert tape.broken == set()


@pytest.mark.parametrize(("after", "broken"), [(100, set()), (300, {"R1/token"})])
def test_by_a_clock_alone_a_request_at_about_the_time_of_an_answer_may_have_left_before(after: int, broken: set[str]) -> None:
    tape = jobs(sharp=False)
    tape.unit(1, 20)
    tape.refused(2, 5, "first-token", back_at=NOON + 5000)
    tape.call("/logout", 4, 6)
    tape.refused(5.5, 7, "first-token", at=NOON + 5000 + after)
    tape.log_in(8, 9, "second-token")
    assert tape.broken == broken


def test_a_call_outside_of_any_unit_is_nobody_s_in_particular() -> None:
    tape = jobs()
    tape.unit(1, 5.5)
    tape.refused(2, 5, "first-token")
    tape.refused(6, 7, "first-token")
    assert tape.broken == set()


def test_in_a_recording_without_units_the_order_of_the_calls_counts() -> None:
    tape = jobs()
    tape.refused(2, 5, "first-token")
    tape.refused(6, 7, "first-token")
    tape.log_in(8, 9, "second-token")
    assert tape.broken == {"R1/token"}


# -- what an answer says of an id ---------------------------------------------------------------------------------------


def two_kinds(second: str) -> Platform:
    kinds = clients.TOKENS + clients.SESSIONS.replace("status: 403, code: gone", second)
    return toy(kinds, order="[token, session]", effects=clients.JOB)


@pytest.mark.parametrize(("second", "broken"), [("status: 401, code: bad", set()), ("status: 403, code: gone", {"R1/token"})])
def test_a_refusal_that_may_be_about_either_of_two_ids_tells_neither_dead(second: str, broken: set[str]) -> None:
    tape = Tape(two_kinds(second))
    tape.log_in(0.2, 0.4, "an-id")
    tape.unit(1, 20)
    for left in (2, 4):
        tape.refused(left, left + 1, "an-id", body={"session": f"an-id{left}"}, issued={"session": f"an-id{left}"})
    tape.log_in(6, 7, "another")
    assert tape.broken == broken


@pytest.mark.parametrize("status", [403, 429, 404])
def test_an_answer_that_is_about_something_else_tells_nothing_dead(status: int) -> None:
    tape = jobs()
    tape.unit(1, 20)
    for left in (2, 4):
        tape.call("/work", left, left + 1, status=status, bearer="first-token", answer={"code": "other"})
    assert tape.broken == set()


def test_one_that_had_another_in_stock_need_not_ask_for_one() -> None:
    tape = jobs()
    tape.log_in(0.5, 0.7, "second-token")
    tape.unit(1, 20)
    tape.refused(2, 3, "first-token")
    tape.call("/work", 4, 5, bearer="second-token")
    assert "R2/token" not in tape.broken


def test_another_one_may_be_on_its_way_already() -> None:
    tape = jobs()
    tape.unit(1, 20)
    tape.refused(2, 5, "first-token")
    tape.log_in(4, 8, "second-token")
    tape.call("/work", 6, 7, status=401, answer={"code": "bad"})
    assert tape.broken == set()


def test_who_goes_on_without_asking_for_another_is_at_fault() -> None:
    tape = jobs()
    tape.unit(1, 20)
    tape.refused(2, 5, "first-token")
    tape.call("/work", 6, 7, status=401, answer={"code": "bad"})
    assert tape.broken == {"R2/token"}


def test_to_end_one_is_not_to_use_it() -> None:
    kinds = clients.TOKENS.replace("{work:", "{'work, logOut':") + "  ended: [logOut]\n"
    tape = Tape(toy(kinds, effects=clients.JOB))
    tape.log_in(0.2, 0.4, "first-token")
    tape.unit(1, 20)
    tape.refused(2, 3, "first-token")
    tape.call("/logout", 4, 5, bearer="first-token", status=401, answer={"code": "bad"})
    assert tape.broken == set()


RETURNS = clients.TOKENS.replace("{work:", "{'work, logOut':") + "  ended: [logOut]\n"
BY_RETURN = "{job: {by: logOut, delivery: any, survives: true}}"


def test_a_call_that_does_the_work_is_a_use_though_it_ends_one() -> None:
    tape = Tape(toy(RETURNS, effects=BY_RETURN))
    tape.log_in(0.2, 0.4, "first-token")
    tape.unit(1, 20)
    for left in (2, 4, 6):
        tape.call("/logout", left, left + 1, bearer="first-token", status=401, answer={"code": "bad"})
    assert {"R1/token", "R2/token"} <= tape.broken


@pytest.mark.parametrize("effects", [clients.JOB, BY_RETURN])
def test_one_that_was_never_issued_cannot_be_given_back(effects: str) -> None:
    tape = Tape(toy(RETURNS, effects=effects))
    tape.log_in(0.2, 0.4, "first-token")
    tape.unit(1, 20)
    tape.call("/logout", 2, 3, bearer="made-up", status=401, answer={"code": "bad"})
    assert "S4/token" in tape.broken


# -- use, succession, invention -----------------------------------------------------------------------------------------


def sending(
    tape: Tape, left: float, returned: float = FOREVER, status: int | None = 200, session: str = "a-session", **more: Any
) -> None:
    body, answer = {"session": session, "text": "x"}, GONE if status else None
    tape.call("/work", left, returned, status=status, body=body, answer=answer, **more)


@pytest.mark.parametrize(("status", "broken"), [(200, True), (None, True), (500, True), (429, False), (400, False)])
def test_a_use_that_may_have_been_accepted_is_one(status: int | None, broken: bool) -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 20, name="message", payload={"text": "x"})
    sending(tape, 2, 3, status)
    sending(tape, 4, 5, 429)
    assert ("S1/session" in tape.broken) == broken


def test_one_that_is_on_its_way_is_not_shown_beside() -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    sending(tape, 2, 5)
    sending(tape, 3, 6, 403)
    assert tape.broken == {"S1/session"}


def test_of_two_kinds_in_one_call_each_is_judged_for_itself() -> None:
    tape = Tape(two_kinds("status: 403, code: gone"))
    for at, id in ((0.2, "one-session"), (0.6, "another-session")):
        tape.call("/login", at, at + 0.2, answer={"token": "a-token", "session": id, "lasts": 3600})
    sending(tape, 2, 5, session="one-session", bearer="a-token")
    sending(tape, 3, 6, session="another-session", bearer="a-token")
    assert tape.broken == set()
    sending(tape, 7, 8, 403, session="one-session", bearer="a-token")
    assert tape.broken == {"S1/session"}


@pytest.mark.parametrize("other", ["", clients.TOKENS])
def test_of_two_uses_both_may_be_on_their_way(other: str) -> None:
    kinds = other + clients.SESSIONS.replace("uses: 1", "uses: 2")
    tape = Tape(toy(kinds, order="[token, session]" if other else "[session]", effects=clients.MESSAGE))
    tape.log_in(0.2, 0.4, "a-session")
    sending(tape, 2, 6, bearer="a-session")
    sending(tape, 3, 7, bearer="a-session")
    assert tape.broken == set()
    sending(tape, 8, 9, 403)
    assert tape.broken == {"S1/session"}


def test_an_id_from_an_answer_that_was_lost_was_issued_all_the_same() -> None:
    tape = Tape(SESSIONS)
    tape.call("/login", 0.2, 0.4, status=None, issued={"session": "a-session"}, spoiled=True)
    sending(tape, 2, 3)
    assert tape.broken == set()


def test_what_was_invented_is_seen_whatever_the_refusal_and_however_calls_overlap() -> None:
    tape = Tape(SESSIONS, sharp=False)
    tape.log_in(0.2, 0.4, "a-session")
    sending(tape, 2, 6)
    sending(tape, 3, 5, 404, "made-up")
    assert "S4/session" in tape.broken


def test_what_was_never_issued_was_invented_unless_the_beginning_is_missing() -> None:
    tape = Tape(SESSIONS)
    sending(tape, 2, 3, 403, "made-up")
    assert tape.broken == {"S4/session"}
    tape.trace.whole = False
    assert tape.broken == set()


@pytest.mark.parametrize(
    ("shown", "issued", "name"),
    [
        ("undefined", False, "session 'undefined'"),
        ("{{session}}", False, "session '{{session}}'"),
        ("made-up", False, "session 1"),
        ("undefined", True, ""),
    ],
)
def test_a_placeholder_that_was_never_issued_is_named_as_it_is(shown: str, issued: bool, name: str) -> None:
    tape = Tape(SESSIONS)
    sending(tape, 2, 3, 403, shown, issued={"session": shown} if issued else {})
    tape.log_in(4, 5, "a-session")
    judgement = judge(SESSIONS, tape.trace)
    message = f"the client presented {name}, which the platform never issued to it" if name else ""
    assert judgement.of("S4/session").message == message
    names = [credential.name for credential in judgement.history.credentials["session"].values()]
    assert names == [name or "session 1", "session 1" if "'" in name else "session 2"]


@pytest.mark.parametrize(("shown", "path"), [("undefined", "/items/undefined"), ("made-up-id", "/items/{session 1}")])
def test_a_placeholder_stays_in_a_path(shown: str, path: str) -> None:
    platform = toy(clients.SESSIONS.replace("{work: $request.body#/session}", "{store: $request.path.id}"), order="[session]")
    tape = Tape(platform)
    tape.call(f"/items/{shown}", 2, 3, method="PUT", status=403, answer=GONE)
    (row,) = CourseOfRun(platform, tape.trace).rows((), ())
    assert row.text.startswith(f"PUT {path} store with ")


def turning(tape: Tape, left: float, returned: float, shown: str, new: str = "") -> None:
    answer = {"refresh": new} if new else {"code": "invalid_grant"}
    tape.call("/refresh", left, returned, status=200 if new else 400, body={"refresh": shown}, answer=answer)


def test_after_its_successor_the_old_one_is_not_shown() -> None:
    tape = Tape(ROTATION)
    tape.log_in(0.2, 0.4, "one")
    turning(tape, 1, 2, "one", "two")
    turning(tape, 3, 4, "two", "three")
    assert tape.broken == set()
    turning(tape, 5, 6, "two")
    assert tape.broken == {"N2/refresh"}


def test_one_that_is_its_own_successor_is_good() -> None:
    tape = Tape(ROTATION)
    tape.log_in(0.2, 0.4, "one")
    turning(tape, 1, 2, "one", "one")
    turning(tape, 3, 4, "one", "one")
    assert tape.broken == set()


@pytest.mark.parametrize(("grace", "broken"), [("0", {"N2/refresh"}), ("30", set()), ("unlimited", set())])
def test_two_may_show_the_same_at_once_only_if_there_is_a_grace(grace: str, broken: set[str]) -> None:
    kinds = clients.ROTATION.replace("grace: 0", f"grace: {grace}")
    kinds = kinds.replace("ended, succeeded", "ended") if grace == "unlimited" else kinds
    tape = Tape(toy(kinds, order="[refresh]", effects=clients.TURN))
    tape.log_in(0.2, 0.4, "one")
    turning(tape, 1, 4, "one", "two")
    turning(tape, 2, 5, "one", "three")
    assert tape.broken == broken


@pytest.mark.parametrize(("next_one", "broken"), [("from-refusal", set()), ("other", {"N1/nonce"})])
def test_the_one_that_came_with_the_refusal_is_used_next(next_one: str, broken: set[str]) -> None:
    tape = Tape(NONCES)
    tape.call("/login", 0.2, 0.4, answer_headers={"Nonce": "first"})
    tape.call("/login", 0.5, 0.6, answer_headers={"Nonce": "other"})
    tape.unit(1, 20, name="order")
    answered = {"answer": {"code": "badNonce"}, "answer_headers": {"Nonce": "from-refusal"}}
    tape.call("/work", 2, 3, status=400, headers={"Nonce": "first"}, **answered)  # type: ignore[arg-type]
    tape.call("/work", 4, 5, headers={"Nonce": next_one})
    assert tape.broken == broken


def test_a_refusal_that_brings_none_asks_for_nothing() -> None:
    tape = Tape(NONCES)
    tape.call("/login", 0.2, 0.4, answer_headers={"Nonce": "first"})
    tape.call("/login", 0.5, 0.6, answer_headers={"Nonce": "other"})
    tape.unit(1, 20, name="order")
    tape.call("/work", 2, 3, status=400, headers={"Nonce": "first"}, answer={"code": "badNonce"})
    tape.call("/work", 4, 5, headers={"Nonce": "other"})
    assert tape.broken == set()


# -- care ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("between", "broken"),
    [(100, {"A4/token"}), (3590, set()), (3300, set()), (3200, {"A4/token"}), (4000, set())],
)
def test_one_that_is_nearly_over_may_be_renewed(between: int, broken: set[str]) -> None:
    tape = jobs()
    for number in (1, 2):
        place = number * 10.0
        tape.unit(place, place + 5)
        at = NOON + number * between * 1000
        tape.call("/login", place + 1, place + 2, at=at, back_at=at, answer={"token": f"token-number-{number}", "lasts": 3600})
    tape.trace.exchanges[0].left_at = tape.trace.exchanges[0].returned_at = NOON
    assert tape.broken == broken


def test_what_is_dead_or_may_be_is_renewed_without_blame() -> None:
    tape = jobs()
    for number, status in enumerate([401, None, 500]):
        place, shown = number * 10 + 1.0, "first-token" if number == 0 else f"token-number-{number}"
        tape.unit(place, place + 9, outcome="accepted")
        tape.call("/work", place + 1, place + 2, status=status, bearer=shown, answer={"code": "bad"} if status == 401 else None)
        tape.log_in(place + 3, place + 4, f"token-number-{number + 1}")
        tape.call("/work", place + 5, place + 6, bearer=f"token-number-{number + 1}")
    assert tape.broken == set()


def test_two_that_ask_for_one_at_once_stampede() -> None:
    tape = Tape(TOKENS)
    tape.unit(0.1, 9)
    tape.unit(0.1, 9)
    tape.log_in(1, 3, "first-token")
    tape.log_in(2, 4, "second-token")
    assert tape.broken == {"A3/token"}


@pytest.mark.parametrize(("path", "broken"), [("/work?t=first-token", {"A5/token"}), ("/work?t=first", set())])
def test_a_secret_in_a_url_is_a_leak(path: str, broken: set[str]) -> None:
    tape = jobs()
    tape.call(path, 2, 3, bearer="first-token")
    assert tape.broken == broken


@pytest.mark.parametrize(("renewals", "broken"), [(5, set()), (6, {"A2/token"})])
def test_so_many_renewals_of_which_none_is_good_and_no_more(renewals: int, broken: set[str]) -> None:
    tape = jobs()
    tape.unit(1, 90, outcome="failed")
    tape.refused(2, 3, "first-token")
    for number in range(renewals):
        tape.log_in(4 + 4 * number, 5 + 4 * number, f"token-number-{number}")
        tape.refused(6 + 4 * number, 7 + 4 * number, f"token-number-{number}")
    assert tape.broken == broken


@pytest.mark.parametrize(("tried_again", "broken"), [(True, {"A2/token"}), (False, set())])
def test_one_that_is_good_for_something_else_does_not_end_the_count(tried_again: bool, broken: set[str]) -> None:
    tape = Tape(toy(clients.TOKENS.replace("{work:", "{'work, store':"), effects=clients.JOB))
    tape.log_in(0.2, 0.4, "token-number-0")
    tape.unit(1, 90, outcome="failed")
    tape.refused(2, 3, "token-number-0")
    for number in range(1, 9):
        tape.log_in(9 * number, 9 * number + 1, f"token-number-{number}")
        tape.call("/items/1", 9 * number + 2, 9 * number + 3, method="PUT", bearer=f"token-number-{number}")
        if tried_again:
            tape.refused(9 * number + 4, 9 * number + 5, f"token-number-{number}")
    assert tape.broken & {"A2/token"} == broken


def test_what_is_refused_for_another_reason_is_no_reason_to_renew() -> None:
    tape = Tape(toy(clients.TOKENS.replace("{work:", "{'work, store':"), effects=clients.JOB))
    tape.log_in(0.2, 0.4, "token-number-0")
    tape.unit(1, 90, outcome="failed")
    tape.refused(2, 3, "token-number-0")
    for number in range(1, 9):
        tape.log_in(9 * number, 9 * number + 1, f"token-number-{number}")
        tape.call("/items/1", 9 * number + 2, 9 * number + 3, method="PUT", status=404, bearer=f"token-number-{number}")
    assert "A2/token" not in tape.broken


def test_one_that_is_good_in_between_begins_the_count_anew() -> None:
    tape = jobs()
    tape.unit(1, 90, outcome="failed")
    tape.refused(2, 3, "first-token")
    for number in range(8):
        tape.log_in(4 + 4 * number, 5 + 4 * number, f"token-number-{number}")
        if number == 3:
            tape.call("/work", 5.2 + 4 * number, 5.8 + 4 * number, bearer=f"token-number-{number}")
        tape.refused(6 + 4 * number, 7 + 4 * number, f"token-number-{number}")
    assert tape.broken == set()


def test_of_a_short_life_the_last_tenth_is_its_end() -> None:
    tape = Tape(TOKENS)
    for number in range(3):
        tape.unit(30.0 * number, 30.0 * number + 9)
        tape.log_in(30.0 * number + 1, 30.0 * number + 2, f"token-number-{number}", lasts=60)
    assert tape.broken == {"A4/token"}


def test_a_short_id_may_stand_in_a_url_by_chance() -> None:
    tape = Tape(TOKENS)
    tape.log_in(0.2, 0.4, "1234567")
    tape.call("/work?page=1234567", 2, 3, bearer="1234567")
    assert tape.broken == set()


# -- patience -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tries", "broken"), [(5, set()), (6, {"R4"})])
def test_so_many_tries_and_no_more(tries: int, broken: set[str]) -> None:
    tape = jobs()
    tape.unit(1, 90, outcome="failed")
    for number in range(tries):
        tape.call("/work", 2 + 2.0 * number, 3 + 2.0 * number, status=503, bearer="first-token")
    assert tape.broken == broken


def test_one_that_succeeds_in_between_begins_the_count_of_tries_anew() -> None:
    tape = jobs()
    tape.unit(1, 90)
    for number in range(8):
        tape.call("/work", 2 + 2.0 * number, 3 + 2.0 * number, status=200 if number == 4 else 503, bearer="first-token")
    assert tape.broken == set()


def test_calls_that_left_before_any_had_failed_are_not_tries_in_a_row() -> None:
    tape = jobs()
    tape.unit(1, 90, outcome="failed")
    for number in range(9):
        tape.call("/work", 2 + 0.1 * number, 4 + 0.1 * number, status=503, bearer="first-token")
    assert tape.broken == set()


@pytest.mark.parametrize(
    ("wait", "after", "sharp", "broken"),
    [
        ("2", 2000, True, set()),
        ("2", 1998, True, {"R5"}),
        ("2", 1960, False, set()),
        ("2", 1900, False, {"R5"}),
        ("soon", 0, True, set()),
        ("Sun, 22 Nov 2026 13:00:00 GMT", 0, True, set()),
    ],
)
def test_the_time_that_the_answer_asks_for_passes(wait: str, after: int, sharp: bool, broken: set[str]) -> None:
    tape = jobs(sharp=sharp)
    tape.unit(1, 90)
    tape.call("/work", 2, 3, status=429, bearer="first-token", answer_headers={"Retry-After": wait}, back_at=NOON + 3000)
    tape.call("/work", 4, 5, bearer="first-token", at=NOON + 3000 + after)
    assert tape.broken == broken


@pytest.mark.parametrize(("ended", "status"), [(90, "held"), (4, "not_exercised")])
def test_only_a_repeat_in_the_same_unit_shows_that_the_client_waits(ended: float, status: str) -> None:
    tape = jobs()
    tape.unit(1, ended)
    tape.call("/work", 2, 3, status=429, bearer="first-token", answer_headers={"Retry-After": "2"})
    if ended == 4:
        tape.unit(5, 9)
    tape.call("/work", 6, 7, bearer="first-token")
    assert tape.verdicts()["R5"] == status


def test_a_call_that_left_before_the_answer_could_not_wait() -> None:
    tape = jobs()
    tape.unit(1, 90)
    tape.call("/work", 2, 5, status=429, bearer="first-token", answer_headers={"Retry-After": "2"})
    tape.call("/work", 3, 6, bearer="first-token")
    assert tape.broken == set()


def test_an_error_for_which_no_wait_is_documented_asks_for_none() -> None:
    tape = jobs()
    tape.unit(1, 90)
    tape.call("/work", 2, 3, status=503, bearer="first-token", answer_headers={"Retry-After": "2"})
    tape.call("/work", 4, 5, bearer="first-token", at=NOON + 3000)
    assert tape.broken == set()


def waiting(row: str, **words: Any) -> Platform:
    """Return the toy with another row of `refused`."""
    return replace(TOKENS, refused={**TOKENS.refused, row: replace(TOKENS.refused["503"], **words)})


@pytest.mark.parametrize(
    ("platform", "told"),
    [
        (waiting("503", headers=(("retry-after", "2"),)), "a 429 or a 503"),
        (waiting("409", status=409, headers=(("Retry-After", "2"),)), "a 429 or a 409"),
        (waiting("rate"), "a 429 or a 503"),
        (TOKENS, "a 429"),
    ],
)
def test_an_error_that_is_declared_to_ask_for_a_wait_does(platform: Platform, told: str) -> None:
    (r5,) = (one for one in demands(platform) if one.code == "R5")
    assert r5.statement == f"let the time pass that {told} asks for by Retry-After before the operation is called again"
    assert r5.stimulus.startswith(f"{told} asked for a wait")
    tape = Tape(platform)
    tape.log_in(0.2, 0.4, "first-token")
    tape.unit(1, 90)
    tape.call("/work", 2, 3, status=int(told[-3:]), bearer="first-token", answer_headers={"Retry-After": "2"})
    tape.call("/work", 4, 5, bearer="first-token")
    assert tape.broken == {"R5"}


@pytest.mark.parametrize("unsent", [True, False])
def test_a_session_of_a_request_that_could_not_be_sent_may_be_used(*, unsent: bool) -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": "x"}, alone=True)
    sending(tape, 2, 3, None, unsent=unsent)
    sending(tape, 4, 5)
    assert tape.broken == (set() if unsent else {"S1/session"})


# -- units --------------------------------------------------------------------------------------------------------------


def test_what_ran_beside_another_is_not_judged_as_a_unit() -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    for began in (1.0, 1.5):
        tape.unit(began, 9, name="message", payload={"text": "x"}, outcome="failed", alone=False)
    sending(tape, 2, 3)
    assert tape.broken == set()


@pytest.mark.parametrize(("later", "broken"), [(200, {"D3/message"}), (500, set())])
def test_a_unit_that_failed_later_on_may_say_so(later: int, broken: set[str]) -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": "x"}, outcome="failed", alone=True)
    sending(tape, 2, 3)
    tape.call("/logout", 4, 5, status=later)
    assert tape.broken == broken


@pytest.mark.parametrize(
    ("returned", "more"), [(12, {}), (float("inf"), {}), (3, {"heard": False})], ids=["later", "never", "by another thread"]
)
def test_a_client_that_does_not_know_of_a_success_may_report_a_failure(returned: float, more: dict[str, Any]) -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": "x"}, outcome="failed", alone=True)
    sending(tape, 2, returned, **more)
    assert "D3/message" not in tape.broken


def test_a_unit_is_done_once_the_call_that_suffices_is_accepted() -> None:
    tape = Tape(toy(clients.SESSIONS, order="[session]", effects="{message: {by: work, delivery: any, suffices: true}}"))
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={}, outcome="failed", alone=True)
    sending(tape, 2, 3)
    tape.call("/logout", 4, 5, status=500)
    assert tape.broken == {"D3/message"}


@pytest.mark.parametrize(("spoiled", "broken"), [(False, {"D3/message"}), (True, set())])
def test_a_success_that_could_not_be_read_may_be_reported_as_a_failure(spoiled: bool, broken: set[str]) -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": "x"}, outcome="failed", alone=True)
    sending(tape, 2, 3, 201, accepted=True, spoiled=spoiled)
    assert tape.broken == broken


@pytest.mark.parametrize(("given", "written", "broken"), [(7, "7", set()), ("a b", "a b", set()), (7, "8", {"D4/storing"})])
def test_what_stands_in_a_path_is_compared_as_text(given: object, written: str, broken: set[str]) -> None:
    effects = "{storing: {by: store, delivery: any, with: {id: x}, keeps: {id: $request.path.id}}}"
    tape = Tape(toy(clients.TOKENS, effects=effects))
    tape.unit(1, 9, name="storing", payload={"id": given}, alone=True)
    tape.call(f"/items/{written}", 2, 3, method="PUT")
    assert tape.broken == broken


def test_what_stands_in_json_keeps_its_type() -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": 7}, alone=True)
    tape.call("/work", 2, 3, body={"session": "a-session", "text": "7"})
    assert tape.broken == {"D4/message"}


def test_what_was_refused_was_not_delivered_altered() -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": "y"}, outcome="failed", alone=True)
    sending(tape, 2, 3, 413)
    assert "D4/message" not in tape.broken


def test_a_unit_whose_only_trouble_was_something_renewable_is_seen_through() -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": "x"}, outcome="failed", alone=True)
    sending(tape, 2, 3, 403)
    assert tape.broken == {"D2/message"}


def test_what_a_broken_clause_explains_is_no_mistake_of_its_own() -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 5, name="message", payload={"text": "x"}, alone=True)
    tape.unit(6, 9, name="message", payload={"text": "x"}, outcome="failed", alone=True)
    sending(tape, 2, 3)
    sending(tape, 7, 8, 403)
    assert tape.broken == {"S1/session"}
    assert judge(SESSIONS, tape.trace).of("D2/message").explained_by == "S1/session"


def test_a_value_is_altered_though_the_answer_never_comes() -> None:
    tape = Tape(SESSIONS)
    tape.log_in(0.2, 0.4, "a-session")
    tape.unit(1, 9, name="message", payload={"text": "x"}, alone=True)
    tape.call("/work", 2, float("inf"), status=None, accepted=True, body={"session": "a-session", "text": "y"})
    assert "D4/message" in tape.broken


STORING = "{storing: {by: store, delivery: at-most-once, suffices: true, with: {id: x}, keeps: {id: $request.path.id}}}"


def stored(*calls: tuple[str, int | None], outcome: Outcome = "accepted", **more: Any) -> Tape:
    """Return the tape of a unit that is to store `x`, with the ids and statuses of its calls."""
    tape = Tape(toy(clients.TOKENS, effects=STORING))
    tape.unit(1, 99, name="storing", payload={"id": "x"}, outcome=outcome, alone=True)
    for nth, (id, status) in enumerate(calls, 1):
        tape.call(f"/items/{id}", 2 * nth, 2 * nth + 1, method="PUT", status=status, **more)
    return tape


@pytest.mark.parametrize(
    ("calls", "outcome"),
    [
        ([("index", 200), ("x", 200)], "accepted"),
        ([("x", 200), ("index", 200)], "accepted"),
        ([("index", 200), ("x", 503)], "failed"),
        ([("index", 200)], "failed"),
        ([("index", 200)], "never"),
    ],
    ids=["before", "after", "before a refusal", "alone", "without an end"],
)
def test_a_call_with_other_values_may_be_about_something_else(calls: list[tuple[str, int]], outcome: Outcome) -> None:
    tape = stored(*calls, outcome=outcome)
    assert tape.broken == set()
    assert tape.verdicts()["D4/storing"] == "inconclusive"


@pytest.mark.parametrize("first", ["index", "x"])
def test_a_unit_that_is_done_by_no_call_with_its_values_was_altered(first: str) -> None:
    tape = stored((first, 503), ("X", 200))
    assert tape.broken == {"D4/storing"}


@pytest.mark.parametrize(("first", "ids"), [(200, "xx"), (None, "xx"), (None, "XX")], ids=["told", "untold", "altered"])
def test_a_unit_whose_calls_with_the_same_values_are_accepted_is_doubled(first: int | None, ids: str) -> None:
    tape = stored((ids[0], first), (ids[1], 200), accepted=True)
    assert tape.broken == {"D1/storing"} | ({"D4/storing"} if ids == "XX" else set())


def repeated(left: float, *units: tuple[str, Outcome], name: str = "storing", effects: str = STORING) -> Tape:
    """Return the tape of a unit whose outcome the client does not know, of further ones, and of its call made again."""
    tape = Tape(toy(clients.TOKENS, effects=effects))
    tape.unit(1, 9, name="storing", payload={"id": "x"}, outcome="failed", alone=True)
    tape.call("/items/x", 2, 3, method="PUT", status=None, accepted=True)
    for nth, (id, outcome) in enumerate(units, 1):
        tape.unit(10 * nth, 10 * nth + 9, name=name, payload={"id": id}, outcome=outcome, alone=True)
        if outcome == "accepted" and name == "storing":
            tape.call(f"/items/{id}", 10 * nth + 1, 10 * nth + 2, method="PUT")
    tape.call("/items/x", left, left + 1, method="PUT")
    return tape


@pytest.mark.parametrize("left", [9.5, 15], ids=["outside", "in another"])
@pytest.mark.parametrize("id", ["x", "y"])
def test_a_unit_is_doubled_though_another_one_or_none_is_under_way(left: float, id: str) -> None:
    assert "D1/storing" in repeated(left, (id, "accepted")).broken


def test_a_unit_is_doubled_during_one_of_another_kind() -> None:
    both = f"{{reading: {{by: logIn, delivery: any}}, {STORING[1:]}"
    assert repeated(15, ("", "accepted"), name="reading", effects=both).broken >= {"D1/storing"}


def test_a_unit_of_another_kind_with_other_values_does_not_excuse_a_doubled_one() -> None:
    tape = Tape(toy(clients.TOKENS, effects=f"{STORING[:-1]}, saving: {STORING[10:]}"))
    for began, name, id in ((1, "saving", "y"), (11, "storing", "x")):
        tape.unit(began, began + 8, name=name, payload={"id": id}, alone=True)
        tape.call(f"/items/{id}", began + 1, began + 2, method="PUT")
    tape.call("/items/x", 15, 16, method="PUT")
    assert tape.broken == {"D1/storing"}


@pytest.mark.parametrize("is_accepted", [True, False])
def test_a_client_may_look_if_a_unit_was_done_that_is_asked_for_again(is_accepted: bool) -> None:
    tape = Tape(toy(clients.TOKENS, effects=STORING))
    tape.unit(1, 9, name="storing", payload={"id": "x"}, outcome="failed", alone=True)
    tape.unit(11, 19, name="storing", payload={"id": "x"}, alone=True)
    tape.call("/items/x", 2, 3, method="PUT", status=None, accepted=is_accepted)
    for left in (12, 14):
        tape.call("/items/index", left, left + 1, method="PUT")
    assert tape.broken == set()
    assert tape.verdicts()["D1/storing"] == tape.verdicts()["D4/storing"] == "inconclusive"


def test_a_unit_is_altered_though_another_one_with_its_values_was_not() -> None:
    tape = Tape(toy(clients.TOKENS, effects=STORING))
    for began, id in ((1, "x"), (11, "X")):
        tape.unit(began, began + 8, name="storing", payload={"id": "x"}, alone=True)
        tape.call(f"/items/{id}", began + 1, began + 2, method="PUT")
    assert tape.broken == {"D4/storing"}


@pytest.mark.parametrize("name", ["storing", "reading"])
def test_without_values_a_call_outside_of_the_unit_may_be_about_something_else(name: str) -> None:
    both = "{storing: {by: store, delivery: at-most-once}, reading: {by: logIn, delivery: any}}"
    tape = repeated(15, ("x", "failed"), name=name, effects=both)
    assert "D1/storing" not in tape.broken
    assert tape.verdicts()["D1/storing"] == ("inconclusive" if name == "reading" else "held")


def test_what_a_client_does_before_it_is_asked_is_no_unit() -> None:
    tape = Tape(toy(clients.TOKENS, effects=STORING))
    tape.call("/items/x", 0, 0.5, method="PUT")
    tape.unit(1, 9, name="storing", payload={"id": "x"}, alone=True)
    tape.call("/items/x", 2, 3, method="PUT")
    assert tape.broken == set()


def test_a_unit_that_was_not_accepted_may_be_so_beside_the_next_one() -> None:
    tape = Tape(toy(clients.TOKENS, effects=STORING))
    tape.unit(1, 9, name="storing", payload={"id": "x"}, outcome="failed", alone=True)
    tape.call("/items/x", 2, 3, method="PUT", status=503)
    tape.unit(10, 19, name="storing", payload={"id": "x"}, alone=True)
    tape.call("/items/x", 11, 12, method="PUT")
    tape.call("/items/x", 13, 14, method="PUT")
    assert tape.broken == set()
    assert tape.verdicts()["D1/storing"] == "inconclusive"
    tape.call("/items/x", 15, 16, method="PUT")
    assert tape.broken == {"D1/storing"}


def test_of_two_units_at_once_none_is_doubled_until_there_are_three_calls() -> None:
    platform = toy(clients.TOKENS, effects=STORING)
    tape = Tape(platform)
    for began in (1, 1.5):
        tape.unit(began, 9, name="storing", payload={"id": "x"})
    tape.call("/items/x", 2, 3, method="PUT")
    tape.call("/items/x", 4, 5, method="PUT")
    assert tape.broken == set()
    tape.call("/items/x", 6, 7, method="PUT")
    (found,) = judge(platform, tape.trace).violated
    assert found.code == "D1/storing"
    assert [evidence.seq for evidence in found.evidence] == [1, 2, 3]


def test_a_success_of_the_unit_counts_though_a_call_about_something_else_follows() -> None:
    assert stored(("x", 200), ("index", 200), outcome="failed").broken == {"D3/storing"}


def test_a_success_about_something_else_is_no_success_of_the_unit() -> None:
    assert "D3/storing" not in stored(("index", 200), ("x", 503), outcome="failed").broken


def caught_up(first: Outcome, status: int | None, id: str = "x", own: int | None = 503) -> Tape:
    """Return the tape of a unit, and of one that fails after a call with its values was accepted."""
    tape = Tape(toy(clients.TOKENS, effects=STORING))
    tape.unit(1, 9, name="storing", payload={"id": id}, outcome=first, alone=True)
    tape.call(f"/items/{id}", 2, 3, method="PUT", status=status)
    tape.unit(10, 19, name="storing", payload={"id": "x"}, outcome="failed", alone=True)
    tape.call("/items/x", 11, 12, method="PUT")
    if own is not None:
        tape.call("/items/x", 13, 14, method="PUT", status=own)
    return tape


@pytest.mark.parametrize("own", [503, None], ids=["refused", "not made"])
@pytest.mark.parametrize("first", [503, None], ids=["refused", "lost"])
def test_a_unit_may_fail_after_an_earlier_one_was_caught_up_with(first: int | None, own: int | None) -> None:
    tape = caught_up("failed", first, own=own)
    assert "D3/storing" not in tape.broken
    found = judge(toy(clients.TOKENS, effects=STORING), tape.trace).of("D3/storing")
    assert found.status == "inconclusive"
    assert "may have been for an earlier unit with the same values" in found.message


@pytest.mark.parametrize(("first", "id"), [(200, "x"), (503, "y")], ids=["done", "with other values"])
def test_a_false_failure_is_one_if_no_earlier_unit_was_left_to_do(first: int, id: str) -> None:
    outcome: Outcome = "accepted" if first == 200 else "failed"
    assert "D3/storing" in caught_up(outcome, first, id).broken
