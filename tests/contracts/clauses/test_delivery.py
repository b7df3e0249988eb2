"""The clauses about a message's delivery and its report: the edges of their wording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest

from contracts.history.attribution import LATE
from mockserver.journal import Guest, Returned
from tests.contracts.tape import DEAD, LOST_REQUEST, LOST_RESPONSE, OPAQUE, SCOPE, Tape, bearer

CUT: dict[str, Any] = {"delivery": "truncated"}
AT_LEAST: dict[str, Any] = {"delivery": "at-least-once"}


def opened(text: str = "hello", name: str = "ann") -> Tape:
    tape = Tape()
    tape.begin(text, name)
    tape.token()
    return tape


@pytest.mark.parametrize("logs_in", [True, False])
def test_d2_is_uncertain_of_a_message_that_may_have_shared_the_create_of_another(logs_in: bool) -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    if logs_in:
        tape.token()
    tape.create("ann", **SCOPE)
    tape.end("failed")
    tape.end("failed")
    told = tape.judged().of("D2")
    assert told.status == "inconclusive"
    assert told.message.endswith("uncertain, because it may have shared another message's create")


def test_d2_is_certain_of_a_message_that_was_left_out_though_the_other_got_its_session() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    tape.token()
    tape.send(tape.create("ann"), "for ann")
    tape.end("accepted")
    tape.end("failed")
    assert tape.status("D2") == "violated"


def test_d1_goes_by_what_the_platform_accepted_whoever_knows() -> None:
    tape = opened()
    tape.send(tape.create(), **LOST_RESPONSE)
    tape.send(tape.create(), **LOST_RESPONSE)
    tape.end("failed")
    assert tape.judged().of("D1").message == "message 1 was accepted twice"


def test_d1_lets_equal_messages_be_accepted_one_by_one() -> None:
    tape = opened()
    tape.send(tape.create())
    tape.end()
    tape.begin("hello")
    tape.send(tape.create())
    tape.end()
    assert tape.status("D1") == "not_exercised"


def test_d1_leaves_open_whether_an_equal_message_that_had_failed_was_sent_after_all() -> None:
    tape = opened()
    tape.create(status=413)
    tape.end("failed")
    tape.begin("hello")
    tape.send(tape.create())
    tape.send(tape.create())
    verdict = tape.judged().of("D1")
    assert (verdict.status, verdict.message) == ("inconclusive", f"message 2 was accepted twice; uncertain, because {LATE}")
    tape.send(tape.create())
    assert tape.status("D1") == "violated"


def test_d1_is_not_asked_where_messages_may_be_doubled() -> None:
    tape = opened()
    tape.send(tape.create(), **LOST_RESPONSE)
    tape.send(tape.create())
    verdict = tape.judged(**AT_LEAST).of("D1")
    assert (verdict.status, verdict.message) == ("not_exercised", "delivery is at-least-once")


def test_d1_lets_a_request_be_made_again_that_was_never_sent() -> None:
    tape = opened()
    tape.send(tape.create(), **LOST_REQUEST)
    tape.send(tape.create())
    tape.end()
    assert tape.roots() == []


def fails(tape: Tape) -> None:
    tape.end("failed")


def scope_missing(tape: Tape) -> None:
    tape.send(tape.create(), **SCOPE)


def forbidden(tape: Tape) -> None:
    tape.create(**OPAQUE)


def dead_twice(tape: Tape) -> None:
    tape.send(tape.create(), **DEAD)
    tape.send(tape.create(), **OPAQUE)


def two_tokens_refused(tape: Tape) -> None:
    tape.create(status=401)
    tape.create(token=tape.token("t:2"), status=401)


def no_token(tape: Tape) -> None:
    tape.create(status=401)
    tape.token(status=400)


def tried_enough(tape: Tape) -> None:
    tape.create(status=503)
    tape.create(**LOST_REQUEST)
    tape.create(status=401)


def lost_on_the_way(tape: Tape) -> None:
    tape.send(tape.create(), **LOST_REQUEST)


def not_waited_for(tape: Tape) -> None:
    tape.leave_send(tape.create())


def overtaken(tape: Tape) -> None:
    tape.perturb("advance", seconds=121)
    tape.create(status=503)


def may_not_repeat(tape: Tape) -> None:
    tape.create(status=413, fault="status 413")


def wait_too_long(tape: Tape) -> None:
    tape.create(status=429, retry_after=121)


@pytest.mark.parametrize(
    "excuse",
    [
        scope_missing,
        forbidden,
        dead_twice,
        two_tokens_refused,
        no_token,
        tried_enough,
        lost_on_the_way,
        not_waited_for,
        overtaken,
        may_not_repeat,
        wait_too_long,
    ],
)
def test_d2_excuses_a_client_that_had_to_stop(excuse: Callable[[Tape], None]) -> None:
    tape = opened()
    excuse(tape)
    tape.end("failed")
    assert tape.status("D2") == "not_exercised"


def nothing(_: Tape) -> None:
    pass


def one_dead(tape: Tape) -> None:
    tape.send(tape.create(), **DEAD)


def one_token_refused_often(tape: Tape) -> None:
    tape.create(status=401)
    tape.create(status=401)


def tried_twice(tape: Tape) -> None:
    tape.create(status=503)
    tape.create(status=503)
    tape.send(tape.create(), status=429, retry_after=0)


def wait_bearable(tape: Tape) -> None:
    tape.create(status=429, retry_after=120)


def delayed_a_little(tape: Tape) -> None:
    tape.perturb("advance", seconds=120)
    tape.create(status=503)


def own_requests_refused(tape: Tape) -> None:
    for text in "abc":
        tape.send(tape.create(), text, status=400)


def wait_that_never_arrived(tape: Tape) -> None:
    tape.create(status=429, retry_after=600, delivery="lost_response")


@pytest.mark.parametrize(
    "story",
    [
        nothing,
        one_dead,
        one_token_refused_often,
        tried_twice,
        wait_bearable,
        delayed_a_little,
        own_requests_refused,
        wait_that_never_arrived,
    ],
)
def test_d2_excuses_nothing_else(story: Callable[[Tape], None]) -> None:
    tape = opened()
    story(tape)
    tape.end("failed")
    assert tape.status("D2") == "violated"


def test_d2_tells_what_happened_last() -> None:
    tape = opened()
    tape.create(status=503)
    tape.end("failed")
    assert tape.judged().of("D2").message == (
        "message 1 was not delivered: the client stopped after its create got 503 service.unavailable"
    )


def test_d2_tells_of_a_login_where_there_was_nothing_else() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    tape.token(status=500)
    tape.end("failed")
    assert "stopped after its token request got 500" in tape.judged().of("D2").message


def test_d2_and_d3_tell_of_a_message_that_was_sent_after_all() -> None:
    tape = Tape()
    for text in ("first", "second"):
        tape.begin(text)
        tape.end("accepted")
    tape.send(tape.create(), "first")
    judged = tape.judged()
    assert judged.of("D2").message == "message 1 was not delivered when the client reported: it was sent only afterwards"
    assert judged.of("D3").message == "message 1 was reported as a success before it was sent"
    assert [item.seq for item in judged.of("D3").evidence] == [2, 7]


def test_d2_catches_a_client_that_does_nothing() -> None:
    tape = Tape()
    tape.begin()
    tape.end("accepted")
    assert tape.judged().of("D2").message == "message 1 was not delivered: the client sent nothing for it"


@pytest.mark.parametrize(("delivery", "status"), [("at-most-once", "not_exercised"), ("at-least-once", "violated")])
def test_d2_excuses_an_unknown_outcome_where_messages_may_not_be_doubled(delivery: str, status: str) -> None:
    tape = opened()
    tape.send(tape.create(), status=503)
    tape.end("failed")
    assert tape.status("D2", delivery=delivery) == status


def test_d2_takes_its_bounds_as_parameters() -> None:
    tape = opened()
    tape.create(status=503)
    tape.create(status=429, retry_after=60)
    tape.end("failed")
    assert tape.status("D2", min_attempts=2) == "not_exercised"
    assert tape.status("D2", max_wait=59) == "not_exercised"
    assert tape.status("D2") == "violated"


def test_d2_knows_that_tokens_are_fetched_for_all_that_overlap() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    tape.token(status=400)
    tape.end("failed")
    tape.end("failed")
    assert tape.status("D2") == "not_exercised"


def test_d2_lets_a_request_that_cannot_be_told_speak_for_any_of_the_messages() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    tape.create("ANN", **SCOPE)
    tape.end("failed")
    tape.end("failed")
    assert tape.roots() == ["D5"]


def test_d2_does_not_count_ids_that_were_never_issued_as_tries() -> None:
    tape = opened()
    tape.send("mine", status=403, reason="session.unknown")
    tape.end("failed")
    assert tape.status("D2", min_attempts=1) == "violated"


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        ({}, "accepted", "held"),
        ({}, "failed", "violated"),
        (LOST_RESPONSE, "accepted", "violated"),
        (LOST_RESPONSE, "failed", "held"),
        (CUT, "accepted", "held"),
        (CUT, "failed", "held"),
        (CUT | {"status": 500, "accepted": True}, "accepted", "violated"),
        ({"status": 500, "accepted": True}, "failed", "held"),
        ({"status": 500, "accepted": True}, "accepted", "violated"),
        (LOST_REQUEST, "accepted", "violated"),
        (DEAD, "accepted", "violated"),
        (DEAD, "failed", "held"),
        ({}, "never", "not_exercised"),
    ],
)
def test_d3_compares_what_was_reported_with_what_had_reached_the_client(
    answer: dict[str, Any], outcome: Any, status: str
) -> None:
    tape = opened()
    tape.send(tape.create(), **answer)
    tape.end(outcome)
    assert tape.status("D3") == status


def test_d3_catches_success_that_is_reported_before_the_answer() -> None:
    tape = opened()
    send = tape.leave_send(tape.create())
    tape.end("accepted")
    tape.answer(send)
    verdict = tape.judged().of("D3")
    assert verdict.message == "message 1 was reported as a success before the answer to its send was there"


def test_d3_catches_success_without_a_send() -> None:
    tape = opened()
    tape.end("accepted")
    assert "nothing was sent for it" in tape.judged().of("D3").message


@pytest.mark.parametrize("text", ["", "héllo", "hello ", "HELLO", "hello\u200b"])
def test_d4_wants_every_character(text: str) -> None:
    tape = opened("hello")
    tape.send(tape.create(), text or "hell")
    tape.end()
    assert tape.roots() == ["D4"]


def test_d4_tells_letters_apart_that_look_alike() -> None:
    tape = opened("e\u0301")
    tape.send(tape.create(), "\xe9")
    assert tape.judged().of("D4").message == r"the text of message 1 was accepted as '\xe9' instead of 'e\u0301'"


def test_d4_says_nothing_of_what_was_refused() -> None:
    tape = opened("hello")
    tape.send(tape.create(), "other", **DEAD)
    assert tape.status("D4") == "not_exercised"


def test_d4_leaves_another_messages_text_to_the_clause_about_sharing() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    session = tape.create("ann")
    tape.create("bob")
    tape.send(session, "for bob")
    assert tape.status("D4") == "held"
    assert tape.status("S3") == "violated"


def test_d4_blames_the_message_whose_session_it_was() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    tape.create("ann")
    tape.send(tape.create("bob"), "for BOB")
    assert tape.judged().of("D4").message == "the text of message 2 was accepted as 'for BOB' instead of 'for bob'"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"guest": {"name": "ann", "email": "ANN@example.com"}}, "for 'ann' <ANN@example.com> instead of 'ann'"),
        ({"guest": {"name": "Guest", "email": "ann@example.com"}}, "for 'Guest'"),
        ({}, "without a guest"),
        (None, "without a guest"),
    ],
)
def test_d5_wants_name_and_address_as_given(body: Any, words: str) -> None:
    tape = opened()
    tape.created(tape.leave("create", bearer("t:1"), body))
    verdict = tape.judged().of("D5")
    assert verdict.status == "violated"
    assert words in verdict.message


def test_d5_takes_an_empty_body_for_no_guest() -> None:
    tape = opened()
    tape.created(tape.leave("create", bearer("t:1"), media_type=None, size=0))
    assert tape.roots() == ["D5"]


def test_d5_leaves_a_body_that_breaks_the_schema_to_another_clause() -> None:
    tape = opened()
    tape.created(tape.leave("create", bearer("t:1"), {"guest": "ann"}), status=400)
    assert tape.status("D5") == "not_exercised"
    assert tape.status("W1") == "violated"


def test_d5_knows_a_guest_that_is_none_of_those_given() -> None:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    tape.create("carl")
    assert "one of the guests that were given" in tape.judged().of("D5").message


@pytest.mark.parametrize(("clock", "status"), [("virtual", "violated"), ("wall", "held"), ("mixed", "held")])
def test_d6_does_not_count_hours_on_a_wall_clock(clock: Any, status: str) -> None:
    tape = Tape(clock)
    tape.begin()
    tape.wait(25 * 3600)
    tape.end("failed")
    assert tape.status("D6") == status


@pytest.mark.parametrize("clock", ["virtual", "wall", "mixed"])
def test_d6_holds_a_client_to_its_message_that_had_to_be_given_up(clock: Any) -> None:
    """Its process had ended, say."""
    tape = Tape(clock)
    tape.begin()
    tape.end("never")
    assert tape.status("D6") == "violated"


@pytest.mark.parametrize(("requests", "status"), [(300, "held"), (301, "violated")])
def test_d6_counts_requests_on_any_clock(requests: int, status: str) -> None:
    tape = Tape("wall")
    tape.begin()
    for number in range(requests):
        tape.create(token=f"t:{number}", status=401)
    tape.end("failed")
    assert tape.status("D6") == status


@pytest.mark.parametrize(("hours", "status"), [(24, "held"), (24.001, "violated")])
def test_d6_wants_a_message_brought_to_an_end_within_a_day(hours: float, status: str) -> None:
    tape = opened()
    tape.wait(hours * 3600)
    tape.end("failed")
    assert tape.status("D6") == status


def test_d6_does_not_count_what_the_world_does_to_the_clock() -> None:
    tape = opened()
    tape.perturb("advance", seconds=200_000)
    tape.create()
    tape.end("failed")
    assert tape.status("D6") == "held"


def test_a_guest_is_told_apart_by_name_and_address() -> None:
    assert Guest("ann", "a@example.com") != Guest("ann", "b@example.com")


@pytest.mark.parametrize("outcome", ["accepted", "failed"])
def test_after_a_200_that_cannot_be_read_a_client_may_report_either(outcome: Literal["accepted", "failed"]) -> None:
    tape = opened()
    tape.send(tape.create(), unusable=True)
    tape.end(outcome)
    assert (tape.status("D2"), tape.status("D3")) == ("held", "held")


def test_after_a_200_that_cannot_be_read_a_message_is_not_sent_again() -> None:
    tape = opened()
    tape.send(tape.create(), unusable=True)
    tape.send(tape.create())
    tape.end()
    assert tape.status("D1") == "violated"


@pytest.mark.parametrize("answer", [{"unusable": True}, {"status": 302}], ids=["a 200 without use", "a redirect"])
def test_d2_lets_a_client_stop_at_an_answer_that_is_not_the_platforms(answer: dict[str, Any]) -> None:
    tape = opened()
    tape.create(**answer)
    tape.end("failed")
    assert tape.status("D2") != "violated"


def test_a_doubt_about_a_late_answer_speaks_of_no_threads() -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    context = tape.leave_send(tape.create())
    tape.answer(context, delay=30)
    tape.entries.append(Returned(len(tape.entries), tape.now, context, aside=True))
    tape.end("failed")
    verdict = tape.judged().of("D3")
    assert verdict.status == "inconclusive"
    assert verdict.message.endswith("an answer came late, and the message may no longer have waited for it")
