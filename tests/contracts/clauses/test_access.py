"""Does the client look after its token? The edges of the wording."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.journal import ShownCredential
from tests.contracts.clauses.examples import deliver
from tests.contracts.tape import PATHS, SCOPE, Tape, bearer


def opened() -> Tape:
    tape = Tape()
    tape.begin()
    tape.token()
    return tape


def overlapping() -> Tape:
    tape = Tape()
    tape.token()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    return tape


def test_a1_is_broken_by_giving_up_without_asking_for_another_token() -> None:
    tape = opened()
    tape.create(status=401)
    tape.end("failed")
    assert tape.judged().of("A1").message == "message 1 was given up after a 401, and no new token was asked for"


def test_a1_leaves_it_open_whether_a_client_that_never_returned_would_have_renewed() -> None:
    tape = opened()
    tape.create(status=401)
    tape.end("never")
    told = tape.judged().of("A1")
    assert told.status == "inconclusive"
    assert told.message == "message 1 never ended after a 401, and no new token was asked for"


@pytest.mark.parametrize(("failed_before", "status"), [(1, "violated"), (2, "held")])
def test_a1_forgives_who_has_tried_often_enough(failed_before: int, status: str) -> None:
    """A client may count all its tries, and the last may happen to be the one that gets a 401."""
    tape = opened()
    for _ in range(failed_before):
        tape.create(status=429)
    tape.create(status=401)
    tape.end("failed")
    assert tape.status("A1") == status


def test_a1_asks_for_a_try_and_not_for_a_token() -> None:
    tape = opened()
    tape.create(status=401)
    tape.token(status=503)
    tape.end("failed")
    assert tape.status("A1") == "held"


def test_a1_forgives_a_token_that_was_asked_for_before() -> None:
    tape = opened()
    tape.token("t:2")
    tape.create(status=401)
    tape.end("failed")
    assert tape.status("A1") == "violated"


def test_a1_ends_with_the_message() -> None:
    tape = opened()
    tape.create(status=401)
    tape.token(status=503)
    tape.end("failed")
    tape.begin()
    tape.create(status=401)
    tape.token(status=503)
    tape.end("failed")
    assert tape.status("A1") == "held"


def test_a1_is_not_about_the_clients_own_credentials() -> None:
    tape = Tape()
    tape.begin()
    tape.token(status=401)
    tape.end("failed")
    assert tape.status("A1") == "not_exercised"


def test_a1_lets_one_message_use_the_token_that_another_renewed() -> None:
    tape = overlapping()
    ann, bob = tape.leave_create("ann"), tape.leave_create("bob")
    tape.answer(ann, 401)
    tape.token("t:2")
    tape.answer(bob, 401)
    tape.create("bob", token="t:2", status=403)
    tape.end("failed", intent=1)
    assert tape.status("A1") == "held"


def test_a1_lets_a_message_use_the_token_that_was_renewed_in_the_background_before_its_refusal() -> None:
    tape = opened()
    refused = tape.leave_create()
    tape.token("t:2")
    tape.answer(refused, 401)
    tape.create(token="t:2", status=400)
    tape.end("failed")
    assert tape.status("A1") == "held"


def test_a1_is_broken_where_none_of_several_messages_asked() -> None:
    tape = overlapping()
    tape.create("ann", status=401)
    tape.create("bob", status=401)
    tape.end("failed")
    assert tape.status("A1") == "violated"


def test_a1_lets_a_refusal_that_nobody_can_name_the_message_of_be_any_ones_first() -> None:
    tape = overlapping()
    tape.create("somebody else", token="t:1", status=401)
    tape.token("t:2")
    tape.send(tape.create("bob", token="t:2"), "for bob", token="t:2", status=401)
    tape.end("failed", intent=1)
    assert tape.status("A1") == "held"


def test_a2_counts_tokens_that_were_received_after_a_401() -> None:
    tape = opened()
    for number in range(8):
        tape.token(f"t:{number}")
    assert tape.status("A2") == "not_exercised"


def test_a2_explains_the_calls_that_came_with_the_loop() -> None:
    tape = opened()
    for number in range(8):
        tape.create(token=f"t:{number}", status=401)
        for _ in range(6 if number == 7 else 0):
            tape.token(status=503)
        tape.token(f"t:{number + 1}")
    assert tape.judged().of("R4").explained_by == "A2"


def test_a2_multiplies_its_bound_by_the_messages_that_are_open() -> None:
    tape = overlapping()
    tape.create("ann", status=401)
    for number in range(10):
        tape.token(f"t:{number + 2}")
    assert tape.status("A2") == "held"
    tape.token("t:99")
    assert tape.status("A2") == "violated"


def refused_twice() -> Tape:
    tape = overlapping()
    ann, bob = tape.leave_create("ann"), tape.leave_create("bob")
    tape.answer(ann, 401)
    tape.answer(bob, 401)
    return tape


def test_a3_is_broken_by_renewing_what_has_been_renewed() -> None:
    tape = refused_twice()
    tape.token("t:2")
    tape.token("t:3")
    verdict = tape.judged().of("A3")
    assert verdict.message == "after a refusal a token was asked for while another had been received"
    assert [item.label for item in verdict.evidence] == ["token refused", "asked for", "asked for again"]


def test_a3_tells_no_falsehood_of_a_client_with_two_tokens() -> None:
    tape = overlapping()
    tape.token("t:second")
    for token in ("t:1", "t:second"):
        ann, bob = tape.leave_create("ann", token=token), tape.leave_create("bob", token=token)
        tape.answer(ann, 401)
        tape.answer(bob, 401)
    tape.token("t:2")
    tape.token("t:3")  # the renewal of the second one: no token was renewed twice
    verdict = tape.judged().of("A3")
    assert (verdict.status, "again" in verdict.message) == ("violated", False)


def test_a3_needs_two_refusals_of_one_token() -> None:
    tape = overlapping()
    tape.create("ann", status=401)
    tape.token("t:2")
    tape.token("t:3")
    assert tape.status("A3") == "not_exercised"


def test_a3_lets_a_renewal_be_made_again_that_was_lost() -> None:
    tape = refused_twice()
    tape.token("t:2", delivery="lost_response")
    tape.wait(1)
    tape.token("t:3")
    assert tape.status("A3") == "held"


def test_a3_lets_a_token_be_renewed_that_was_refused_as_well() -> None:
    tape = refused_twice()
    tape.token("t:2")
    tape.create("ann", token="t:2", status=401)
    tape.token("t:3")
    assert tape.status("A3") == "held"


def test_a3_lets_a_token_be_renewed_shortly_before_it_expires() -> None:
    tape = refused_twice()
    tape.token("t:2", token_expires_in=600)
    tape.wait(300)
    tape.token("t:3")
    assert tape.status("A3") == "held"


@pytest.mark.parametrize(("one_shot", "status"), [(False, "violated"), (True, "held")])
def test_a3_begins_anew_with_each_process(one_shot: bool, status: str) -> None:
    tape = refused_twice()
    tape.token("t:2")
    tape.begin("for eve", "eve", item=0)
    tape.token("t:3")
    assert tape.status("A3", one_shot=one_shot) == status


def test_a3_is_over_with_the_messages_whose_token_was_refused() -> None:
    tape = refused_twice()
    tape.token("t:2")
    tape.end("failed")
    tape.end("failed")
    tape.perturb("advance", seconds=43_200)
    tape.begin()
    tape.token("t:3")
    assert tape.status("A3") == "held"


def test_a3_is_asked_of_recordings_without_intents() -> None:
    tape = Tape()
    tape.token()
    for _ in range(2):
        tape.create(status=401)
    tape.token("t:2")
    tape.token("t:3")
    assert tape.status("A3") == "violated"


def test_a3_and_a4_begin_anew_with_a_client_that_was_restarted() -> None:
    tape = refused_twice()
    tape.token("t:2")
    tape.end("failed")
    tape.end("failed")
    for number in range(3, 6):
        tape.perturb("restart_client")
        tape.begin()
        tape.token(f"t:{number}")
        tape.end("failed")
    assert tape.status("A3") == "held"
    assert tape.status("A4") == "held"


def wasteful(messages: int, **last: Any) -> Tape:
    tape = Tape()
    tape.token("t:0", **last)
    for number in range(messages):
        tape.begin()
        tape.token(f"t:{number + 1}")
        tape.end("failed")
    return tape


@pytest.mark.parametrize(("messages", "status"), [(1, "held"), (2, "violated")])
def test_a4_needs_two_messages(messages: int, status: str) -> None:
    assert wasteful(messages).status("A4") == status


def test_a4_does_not_ask_it_of_one_shot_clients() -> None:
    verdict = wasteful(3).judged(one_shot=True).of("A4")
    assert verdict.status == "not_exercised"
    assert "its own client" in verdict.message


@pytest.mark.parametrize(("age", "status"), [(86_099.998, "violated"), (86_100, "not_exercised")])
def test_a4_lets_a_token_be_renewed_300_seconds_before_it_expires(age: float, status: str) -> None:
    tape = Tape()
    tape.token("t:0")
    for number in range(2):
        tape.perturb("advance", seconds=age)
        tape.begin()
        tape.token(f"t:{number + 1}")
        tape.end("failed")
    assert tape.status("A4") == status


def test_a4_counts_a_tokens_life_from_when_it_was_asked_for() -> None:
    tape = Tape()
    for number in range(3):
        tape.begin()
        tape.answer_token(tape.leave_token(), f"t:{number}", delay=31, token_expires_in=600)
        tape.end("failed")
        tape.perturb("advance", seconds=270)
    assert tape.status("A4") == "not_exercised"


def test_a4_lets_a_token_be_replaced_that_lacked_a_scope() -> None:
    tape = Tape()
    tape.token("t:0")
    for number in range(3):
        tape.begin()
        tape.create(token=f"t:{number}", **SCOPE)
        tape.token(f"t:{number + 1}")
        tape.end("failed")
    assert tape.status("A4") == "held"


def test_a4_lets_a_refused_token_be_replaced() -> None:
    tape = Tape()
    tape.token("t:0")
    for number in range(3):
        tape.begin()
        tape.create(token=f"t:{number}", status=401)
        tape.token(f"t:{number + 1}")
        tape.end("failed")
    assert tape.status("A4") == "held"


def test_a4_does_not_count_a_token_that_did_not_arrive_whole() -> None:
    tape = Tape()
    for _ in range(3):
        tape.begin()
        tape.token(delivery="truncated")
        tape.end("failed")
    assert tape.status("A4") == "not_exercised"


def test_a4_counts_overlapping_messages_as_one() -> None:
    tape = overlapping()
    tape.token("t:2")
    tape.token("t:3")
    assert tape.status("A4") == "held"


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (ShownCredential("bearer", token="t:1", seen_in=("header", "url")), "in its URL"),
        (ShownCredential("bearer", token="t:1", seen_in=("header", "body")), "in its body"),
        (ShownCredential("bearer", token="t:1", seen_in=("header", "cookie")), "in a cookie"),
        (ShownCredential("none", seen_in=("header:x-api-key",)), "in its X-Api-Key header"),
        (ShownCredential("empty"), "an empty Authorization header"),
        (ShownCredential("literal", literal="undefined"), "'undefined' where a token belongs"),
        (ShownCredential("literal", literal="[REDACTED]"), "'[REDACTED]' where a token belongs"),
    ],
)
def test_a5_names_the_leak(shown: ShownCredential, words: str) -> None:
    tape = Tape()
    tape.create(credential=shown)
    verdict = tape.judged().of("A5")
    assert verdict.status == "violated"
    assert words in verdict.message


@pytest.mark.parametrize("shown", [ShownCredential("empty"), ShownCredential("literal", literal="[REDACTED]")])
def test_a5_explains_what_follows_from_a_header_without_a_token(shown: ShownCredential) -> None:
    """The client renews its good token after each 401, in vain, and gives up."""
    tape = Tape()
    tape.token()
    for text in ("first", "second"):
        tape.begin(text)
        tape.create(credential=shown, status=401)
        tape.token()
        tape.create(credential=shown, status=401)
        tape.end("failed")
    assert tape.roots() == ["A5"]
    assert {code: tape.judged().of(code).explained_by for code in ("A4", "D2")} == {"A4": "A5", "D2": "A5"}


def test_a5_explains_nothing_if_the_token_was_shown_as_well() -> None:
    tape = opened()
    tape.create(credential=ShownCredential("bearer", token="t:1", seen_in=("header", "url")), status=503)
    tape.end("failed")
    assert tape.roots() == ["A5", "D2"]


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (ShownCredential("none", seen_in=("body",)), "not_exercised"),
        (ShownCredential("basic", client_id="c", seen_in=("header", "body")), "held"),
        (ShownCredential("basic", client_id="c", seen_in=("header", "url")), "violated"),
    ],
)
def test_a5_lets_the_token_request_carry_the_secret_in_its_body(shown: ShownCredential, status: str) -> None:
    tape = Tape()
    tape.answer(tape.leave("token", shown))
    assert tape.status("A5") == status


def test_a5_does_not_mind_a_request_without_credentials() -> None:
    tape = Tape()
    tape.create(token=None, status=401)
    assert tape.status("A5") == "not_exercised"


def test_a5_looks_at_requests_to_nowhere_too() -> None:
    tape = Tape()
    tape.answer(tape.leave(None, bearer("t:1"), path=PATHS["send"] + "?access_token=[REDACTED]"), 404)
    tape.answer(tape.leave(None, ShownCredential("bearer", token="t:1", seen_in=("url",)), path="/x"), 404)
    assert tape.judged().of("A5").message == "a request had a secret in its URL"


def test_tokens_are_named_in_order_of_appearance() -> None:
    tape = Tape()
    tape.token("t:zz")
    deliver(tape)
    tape.token("t:aa")
    history = tape.judged().history
    assert [history.token_label(token) for token in ("t:zz", "t:1", "t:aa", None)] == ["t1", "t2", "t3", "no token"]
