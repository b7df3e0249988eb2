"""Recordings of right clients, and of what people do with them: no reading may condemn them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.verify import Options
from contracts.verify.recorded import check
from tests.contracts.recorded.story import SCOPE_CODE, Story, reports
from tests.contracts.tape import Tape

Told = Callable[[Story], None]


def a_message_to_each_of_two(told: Story) -> None:
    told.token()
    told.message()
    told.message("hello", "bob")


def the_same_text_twice(told: Story) -> None:
    """A person writes "hi", is not answered, and writes "hi" again."""
    told.token()
    told.message("hi")
    told.wait(4)
    told.message("hi")


def the_same_text_many_times_at_once(told: Story) -> None:
    """A load test."""
    told.token()
    for _ in range(20):
        told.message("hi")


def a_chat_that_is_opened_only(told: Story) -> None:
    told.token()
    for name in ("ann", "bob", "cem"):
        told.create(name)
        told.wait(40)


def a_page_that_is_reloaded(told: Story) -> None:
    told.token()
    for _ in range(3):
        told.create()
        told.wait(1.5)
        session = told.create()
        told.wait(3)
        told.send(session, "hi")
        told.wait(20)


def three_messages_without_the_scope(told: Story) -> None:
    """Their texts never appear, because their sessions cannot be created."""
    told.token()
    for _ in range(3):
        told.create(status=403, code=SCOPE_CODE)
        told.wait(5)


def three_messages_without_the_scope_by_a_script(told: Story) -> None:
    told.token()
    for _ in range(3):
        told.create(status=403, code=SCOPE_CODE)


def the_same_text_again_without_the_scope(told: Story) -> None:
    """A person reads the error, and tries again."""
    told.token()
    for _ in range(3):
        told.message("hi", status=403, code=SCOPE_CODE)
        told.wait(6)


def a_batch_while_the_platform_is_down(told: Story) -> None:
    """Four guests, one after the other, and one try each: what else a right client does waits its turn."""
    told.token()
    for name in ("ann", "bob", "cem", "dee", "eve", "fay", "gus"):
        told.create(name, status=503)


def other_texts_while_the_platform_is_down(told: Story) -> None:
    """Seven messages to one guest who is sent others, too."""
    told.token()
    told.message("one")
    told.message("two")
    for _ in range(7):
        told.create(status=503)
    told.message("three")


def logins_fail_for_many(told: Story) -> None:
    for _ in range(8):
        told.token(status=503)
    told.token()
    told.message()


def several_processes_with_one_oauth_client(told: Story) -> None:
    first, second, third = told.token(), told.token(), told.token()
    for nth in range(4):
        for token in (first, second, third):
            told.send(told.create(f"guest-{nth}", token=token), f"text {nth}", token=token)


def a_restart_between_messages(told: Story) -> None:
    for _ in range(4):
        told.token()
        told.message("one")
        told.message("two", "bob")
        told.wait(60)


def a_dead_session_and_a_new_one(told: Story) -> None:
    told.token()
    told.message(status=403)
    told.message()


def a_retry_that_waits_as_asked(told: Story) -> None:
    told.token()
    told.message(status=429, retry_after=30)
    told.wait(31)
    told.message()


def retries_with_back_off(told: Story) -> None:
    told.token()
    for pause in (0.2, 0.4, 0.8):
        told.create(status=503)
        told.wait(pause)
    told.message()


def a_token_that_is_renewed(told: Story) -> None:
    told.token()
    told.message("one")
    told.create(status=401)
    told.token()
    told.message("two")


def a_refused_token_given_up(told: Story) -> None:
    """Fresh tokens are refused as well: each message renews once."""
    told.token()
    for name in ("ann", "bob", "cem"):
        told.create(name, status=401)
        told.token()
        told.create(name, status=401)


def two_messages_at_once(told: Story) -> None:
    told.token()
    one, other = told.create("ann"), told.create("bob", at=told.now - 0.02)
    told.send(one, "for ann")
    told.send(other, "for bob", at=told.now - 0.02)


def a_lost_answer_and_no_retry(told: Story) -> None:
    told.token()
    told.message(status=None, accepted=True)
    told.message("another")


def a_lost_answer_and_the_person_asks_again(told: Story) -> None:
    told.token()
    told.message("hi", status=None, accepted=True)
    told.wait(8)
    told.message("hi")


def the_same_bad_request_by_a_person(told: Story) -> None:
    told.token()
    for _ in range(3):
        told.create(status=413)
        told.wait(7)


RIGHT: list[Told] = [
    a_message_to_each_of_two,
    the_same_text_twice,
    the_same_text_many_times_at_once,
    a_chat_that_is_opened_only,
    a_page_that_is_reloaded,
    three_messages_without_the_scope,
    three_messages_without_the_scope_by_a_script,
    the_same_text_again_without_the_scope,
    a_batch_while_the_platform_is_down,
    other_texts_while_the_platform_is_down,
    logins_fail_for_many,
    several_processes_with_one_oauth_client,
    a_restart_between_messages,
    a_dead_session_and_a_new_one,
    a_retry_that_waits_as_asked,
    retries_with_back_off,
    a_token_that_is_renewed,
    a_refused_token_given_up,
    two_messages_at_once,
    a_lost_answer_and_no_retry,
    a_lost_answer_and_the_person_asks_again,
    the_same_bad_request_by_a_person,
]


@pytest.mark.parametrize("story", RIGHT, ids=lambda story: story.__name__)
def test_nothing_is_violated(story: Told) -> None:
    for kind, report in reports(story):
        told = [(kind, result.code, result.words) for result in report.violated]
        assert told == []
        assert report.exit_status() == 0


def lost_and_sent_again(*between: tuple[str, dict[str, Any]], before: str = "good morning") -> list[str]:
    """The codes that a journal violates: an answer was lost, `between` was done, and the same text came again at once.

    A text had been delivered `before`.
    """
    tape = Tape("wall", "socket")
    tape.token()
    tape.send(tape.create("ann"), before, accepted=True)
    tape.perturb("fault", kind="lost_response", operation="send")
    tape.send(tape.create("ann"), "hello", delivery="lost_response", fault="lost response", accepted=True)
    for what, detail in between:
        tape.perturb(what, **detail)
    tape.send(tape.create("ann"), "hello", accepted=True)
    return [result.code for result in check("journal", tape.entries, Options(), source="journal").violated]


def test_a_test_that_changes_the_platform_may_ask_for_the_same_text_again() -> None:
    assert lost_and_sent_again(("fault", {"kind": "opaque_403", "operation": "send"})) == []


def test_a_suite_whose_tests_all_send_the_same_text_may_ask_for_it_again() -> None:
    assert lost_and_sent_again(before="hello") == []


@pytest.mark.parametrize("between", [[], [("advance", {"seconds": 1})]], ids=["nothing", "a wait made short"])
def test_a_client_that_sends_again_by_itself_is_found(between: Any) -> None:
    assert lost_and_sent_again(*between) == ["D1"]


def one_shot_commands(told: Story) -> None:
    for nth in range(4):
        told.token()
        told.message(f"text {nth}", f"guest-{nth}")


@pytest.mark.parametrize(("parameters", "violated"), [({"one_shot": True}, []), ({}, ["A4"])])
def test_a_login_for_each_message_is_right_for_commands_alone(parameters: dict[str, Any], violated: list[str]) -> None:
    for _, report in reports(one_shot_commands, **parameters):
        assert [result.code for result in report.violated] == violated
        assert all("--one-shot" in result.words for result in report.violated)
