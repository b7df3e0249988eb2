"""May this id be used? The edges of the wording."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.journal import Header
from tests.contracts.clauses.examples import deliver
from tests.contracts.tape import DEAD, LOST_REQUEST, LOST_RESPONSE, SCOPE, Tape

NO_EFFECT: list[dict[str, Any]] = [{"status": status} for status in (400, 401, 413, 415, 429)] + [SCOPE]
NO_ANSWER: list[dict[str, Any]] = [LOST_RESPONSE, {"delivery": "truncated"}, {"status": 503}]


def sent_once(tape: Tape, **answer: Any) -> str:
    """A message whose only send is answered so."""
    tape.begin()
    tape.token()
    session = tape.create()
    tape.send(session, **answer)
    tape.end("failed")
    tape.begin("another")
    return session


@pytest.mark.parametrize("answer", NO_EFFECT)
def test_s1_lets_an_id_be_used_after_a_send_that_had_no_effect(answer: dict[str, Any]) -> None:
    tape = Tape()
    tape.send(sent_once(tape, **answer))
    assert tape.status("S1") == "not_exercised"


@pytest.mark.parametrize("answer", NO_ANSWER)
def test_s1_forbids_an_id_that_may_have_been_used_up(answer: dict[str, Any]) -> None:
    tape = Tape()
    tape.send(sent_once(tape, **answer), **DEAD)
    assert tape.status("S1") == "violated"
    assert "an unknown outcome" in tape.judged().of("S1").message


def test_s1_knows_that_a_request_which_was_never_sent_had_no_effect_in_process() -> None:
    tape = Tape(door="in_process")
    tape.send(sent_once(tape, **LOST_REQUEST))
    assert tape.status("S1") == "not_exercised"


def test_s1_knows_that_on_a_socket_a_lost_request_looks_like_a_lost_response() -> None:
    tape = Tape(door="socket")
    tape.send(sent_once(tape, **LOST_REQUEST))
    assert tape.status("S1") == "violated"


def test_s1_counts_handshakes_where_the_policy_allows_several() -> None:
    tape = Tape(handshakes=2)
    session = sent_once(tape)
    tape.send(session)
    assert tape.status("S1") == "not_exercised"
    tape.send(session, **DEAD)
    assert tape.status("S1") == "violated"
    assert "after 2 sends" in tape.judged().of("S1").message


@pytest.mark.parametrize("status", [200, 401, 429, 503])
def test_s1_forbids_a_second_send_while_the_first_is_on_its_way(status: int) -> None:
    """The client could not know the result of the first send when the second one left."""
    tape = Tape()
    tape.begin()
    session = tape.create()
    first, second = tape.leave_send(session), tape.leave_send(session)
    tape.answer(first, status)
    tape.answer(second, 403)
    assert tape.status("S1") == "violated"
    assert tape.judged().of("S1").message == "session s1 was presented again while a send of it was on its way"


def test_s1_goes_by_the_policy_that_held_when_a_session_was_created() -> None:
    tape = Tape()
    tape.entries[0] = Header(organization="o", policy={"handshakes": 1})
    tape.perturb("set_policy", handshakes=2)
    session = sent_once(tape)
    tape.perturb("set_policy", handshakes=1)
    tape.send(session)
    assert tape.status("S1") == "not_exercised"
    tape.send(session, **DEAD)
    assert tape.status("S1") == "violated"


def test_s1_does_not_guess_the_policy_before_a_change() -> None:
    tape = Tape()
    tape.entries[0] = Header(organization="o", policy={"handshakes": 1})
    tape.send(sent_once(tape))
    tape.perturb("set_policy", handshakes=1)
    verdict = tape.judged().of("S1")
    assert verdict.status == "inconclusive"
    assert "the trace does not have the one that held then" in verdict.message


@pytest.mark.parametrize(("former", "status"), [(1, "violated"), (2, "not_exercised")])
def test_s1_goes_by_the_value_that_a_change_says_it_replaced(former: int, status: str) -> None:
    tape = Tape()
    tape.entries[0] = Header(organization="o", policy={"handshakes": 3})
    tape.send(sent_once(tape))
    tape.perturb("set_policy", {"handshakes": former}, handshakes=3)
    assert tape.status("S1") == status


def test_s1_does_not_guess_the_policy_of_a_session_from_before_the_journal() -> None:
    tape = Tape()
    tape.entries[0] = Header(organization="o", policy={"handshakes": 3})
    for _ in range(2):
        tape.send("session-9")
    tape.perturb("set_policy", {"handshakes": 1}, handshakes=3)
    assert tape.status("S1") == "inconclusive"


def test_s1_counts_sends_on_their_way_where_the_policy_allows_several_handshakes() -> None:
    tape = Tape(handshakes=2)
    session = tape.create()
    first, second = tape.leave_send(session), tape.leave_send(session)
    assert tape.status("S1") == "not_exercised"
    third = tape.leave_send(session)
    for context in (first, second, third):
        tape.answer(context)
    assert tape.status("S1") == "violated"


def test_s1_lets_an_id_be_used_again_once_its_first_send_is_known_to_be_lost_in_process() -> None:
    tape = Tape(door="in_process")
    session = tape.create()
    first = tape.leave_send(session)
    tape.answer(first, **LOST_REQUEST)
    tape.returned(first)
    tape.send(session)
    assert tape.status("S1") == "not_exercised"


@pytest.mark.parametrize(("seconds", "status"), [(1, "inconclusive"), (1.001, "violated")])
def test_s1_sees_an_overlap_only_where_the_stamps_are_fine_enough(seconds: float, status: str) -> None:
    """A recording in whole seconds does not tell whether a send left before or after an answer of the same second."""
    tape = Tape("wall", "socket")
    tape.entries[0] = Header(clock="wall", resolution=1000)
    session = tape.create()
    first, second = tape.leave_send(session), tape.leave_send(session)
    tape.answer(first, 401, delay=seconds)
    tape.answer(second)
    assert tape.status("S1") == status


def test_s1_goes_by_when_the_answer_came_back_where_that_was_seen() -> None:
    tape = Tape()
    session = tape.create()
    first = tape.leave_send(session)
    tape.answer(first, 429)
    tape.send(session)
    tape.returned(first)
    assert tape.status("S1") == "violated"


def test_s1_treats_an_answer_nobody_waited_for_as_unknown() -> None:
    tape = Tape()
    session = tape.create()
    first = tape.leave_send(session)
    tape.wait(10)
    tape.returned(first, answered=False)
    tape.answer(first)
    tape.send(session, **DEAD)
    assert tape.status("S1") == "violated"


def test_s1_is_judged_without_intents_too() -> None:
    tape = Tape("wall", "socket")
    tape.token()
    session = tape.create()
    tape.send(session)
    tape.send(session, **DEAD)
    assert tape.roots() == ["S1"]


@pytest.mark.parametrize(("seconds", "status"), [(5.0, "held"), (5.001, "violated")])
def test_s2_measures_from_the_answer_of_the_create_to_the_send(seconds: float, status: str) -> None:
    tape = Tape()
    tape.begin()
    created = tape.leave_create()
    tape.wait(60)
    session = tape.created(created)
    tape.wait(seconds)
    tape.send(session, delay=60)
    assert tape.status("S2") == status


def test_s2_takes_its_bound_as_a_parameter() -> None:
    tape = Tape()
    session = tape.create()
    tape.wait(8)
    tape.send(session)
    assert tape.status("S2", max_age=8) == "held"
    assert tape.status("S2", max_age=7.9) == "violated"


@pytest.mark.parametrize("clock", ["wall", "mixed"])
def test_s2_is_inconclusive_where_time_is_not_the_clients_alone(clock: Any) -> None:
    tape = Tape(clock)
    session = tape.create()
    tape.wait(6)
    tape.send(session)
    assert tape.status("S2") == "inconclusive"


def test_s2_does_not_count_what_the_world_does_to_a_send_on_its_way() -> None:
    tape = Tape()
    tape.begin()
    session = tape.create()
    tape.perturb("advance", seconds=40)
    tape.send(session, **DEAD)
    assert tape.status("S2") == "held"


def test_s2_counts_time_that_passed_between_messages() -> None:
    tape = Tape()
    tape.begin()
    session = tape.create()
    tape.send(session, status=429, retry_after=1)
    tape.end("failed")
    tape.perturb("advance", seconds=40)
    tape.begin()
    tape.send(session, **DEAD)
    assert tape.status("S2") == "violated"


def test_s2_does_not_count_time_that_passed_over_another_messages_request() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    session = tape.create("ann")
    tape.perturb("advance", seconds=40)
    bob = tape.leave_create("bob")
    tape.send(session, "for ann", **DEAD)
    tape.created(bob)
    assert tape.status("S2") == "held"


def test_s3_goes_by_guests_not_by_messages() -> None:
    tape = Tape()
    tape.begin("first", "ann")
    session = tape.create()
    tape.send(session, status=429, retry_after=0)
    tape.end("failed")
    tape.begin("second", "ann")
    tape.send(session)
    tape.end()
    assert tape.status("S3") == "not_exercised"


def test_s3_tells_messages_apart_by_their_texts_where_they_overlap() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    session = tape.create("ann")
    tape.create("bob")
    tape.send(session, "for bob")
    verdict = tape.judged().of("S3")
    assert verdict.status == "violated"
    assert verdict.message == "session s1, created for ann, was used for bob"


def test_what_a_doubled_send_meets_twice_is_explained_by_its_overlap() -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    for _ in range(4):
        session = tape.create()
        first, second = tape.leave_send(session), tape.leave_send(session)
        tape.answer(first, **LOST_REQUEST)
        tape.answer(second, **LOST_REQUEST)
        tape.wait(1)
    tape.end("failed")
    assert tape.roots() == ["S1"]
    assert tape.judged().of("R4").explained_by == "S1"


def test_s3_is_explained_by_a_guest_that_was_altered() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    right, mistaken = tape.create("bob"), tape.create("bob")
    tape.send(right, "for bob")
    tape.send(mistaken, "for ann", **DEAD)
    tape.send(right, "for ann", **DEAD)
    assert tape.judged().of("S3").explained_by == "D5"


@pytest.mark.parametrize("reason", ["session.unknown", "session.foreign"])
def test_s4_believes_a_platform_that_says_it_never_issued_the_id(reason: str) -> None:
    tape = Tape("wall", "socket")
    tape.send("11111111-2222", status=403, reason=reason)
    assert tape.status("S4") == "violated"
    assert "'11111111-2222'" in tape.judged().of("S4").message


def test_s4_does_not_know_what_was_issued_before_a_recording_began() -> None:
    tape = Tape("wall", "socket")
    tape.send("11111111-2222", status=403, reason="")
    assert tape.status("S4") == "inconclusive"


def test_s4_accepts_an_id_from_before_the_recording_that_the_platform_knew() -> None:
    tape = Tape("wall", "socket")
    tape.send("session-from-before", status=403, reason="session.expired")
    assert tape.status("S4") == "held"


def test_s4_knows_that_a_run_with_intents_holds_everything_that_was_issued() -> None:
    tape = Tape()
    tape.begin()
    tape.send("11111111-2222", status=401)
    assert tape.status("S4") == "violated"


def test_s4_lets_an_id_pass_whose_creation_came_back_cut_short() -> None:
    tape = Tape()
    tape.begin()
    tape.send(tape.create(delivery="truncated"))
    assert tape.status("S4") == "held"


@pytest.mark.parametrize(
    "id",
    [
        "{{new_session_id}}",
        "${sessionId}",
        "{session_id}",
        "<session-id>",
        "%s",
        "undefined",
        "null",
        "None",
        "[object Object]",
    ],
)
def test_s5_knows_what_unrendered_templates_look_like(id: str) -> None:
    tape = Tape()
    tape.begin()
    tape.send(id, status=403, reason="session.unknown")
    tape.end("failed")
    judgement = tape.judged()
    assert [verdict.code for verdict in judgement.violated] == ["S5"]
    assert {verdict.code for verdict in judgement.verdicts if verdict.explained_by == "S5"} == {"S4", "R2", "D2"}


def test_s5_takes_a_null_for_a_placeholder_and_a_missing_field_for_an_invalid_body() -> None:
    tape = Tape()
    tape.begin()
    tape.send(None, status=400)
    assert tape.judged().of("S5").message == "null was sent where a session id belongs"


@pytest.mark.parametrize("id", ["11111111-2222", "nullify", "a<b", "prev-session-uuid"])
def test_s5_leaves_other_ids_to_other_clauses(id: str) -> None:
    tape = Tape()
    tape.send(id, status=403, reason="session.unknown")
    assert tape.status("S5") == "held"


@pytest.mark.parametrize(
    ("meant", "sent", "status"),
    [
        ("Hello Ann", "Hello {{name}}", "violated"),
        ("Hello Ann", "Hello undefined", "violated"),
        ("Hello {{name}}", "Hello {{name}}", "held"),
        ("Hello {{name}} and more", "Hello {{name}}", "held"),
        ("Hello {{name}}", "Hello null", "violated"),
        ("Hello Ann", "Hello", "held"),
    ],
)
def test_s5_looks_for_placeholders_that_the_text_did_not_have(meant: str, sent: str, status: str) -> None:
    tape = Tape()
    tape.begin(meant)
    tape.send(tape.create(), sent)
    assert tape.status("S5") == status


def test_s6_is_judged_only_where_nothing_was_perturbed() -> None:
    tape = Tape()
    tape.perturb("advance", seconds=1)
    tape.begin()
    tape.create()
    tape.send(tape.create())
    verdict = tape.judged().of("S6")
    assert verdict.status == "not_exercised"
    assert "perturbed" in verdict.message


def test_s6_lets_a_second_session_follow_a_refusal() -> None:
    """A policy alone can refuse: a rate limit needs no perturbation."""
    tape = Tape()
    tape.begin()
    tape.send(tape.create(), status=429, retry_after=60)
    tape.wait(60)
    tape.send(tape.create())
    assert tape.status("S6") == "held"


def test_s6_counts_sessions_by_message() -> None:
    tape = Tape()
    deliver(tape, "first")
    deliver(tape, "second")
    assert tape.status("S6") == "held"


@pytest.mark.parametrize("handed_on", [None, "", 0])
def test_an_id_handed_on_as_it_came_is_not_the_clients_invention(handed_on: Any) -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    tape.create(unusable=True)
    tape.send(handed_on, status=400)
    tape.end("failed")
    assert "violated" not in {tape.status(code) for code in ("S4", "S5", "W1", "D2")}


def test_the_word_none_made_of_a_missing_id_is_a_placeholder() -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    tape.create(unusable=True)
    tape.send("None", status=403)
    assert tape.status("S5") == "violated"


@pytest.mark.parametrize("made_up", [None, ""])
def test_without_such_an_answer_an_empty_id_breaks_the_schema(made_up: Any) -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    tape.send(made_up, status=400)
    assert tape.status("W1") == "violated"
