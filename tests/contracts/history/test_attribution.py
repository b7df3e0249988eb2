"""A request belongs to the message its content points to; what cannot be told is said to be uncertain."""

from __future__ import annotations

import pytest

from contracts.history import History
from contracts.history.attribution import LATE, MIXED, may_become
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from tests.contracts.tape import DEAD, LOST_RESPONSE, Tape


def folded(tape: Tape) -> History:
    return build_history(well_formed(tape.entries))


def owners(tape: Tape) -> list[str | None]:
    """The text of the message that each request belongs to."""
    return [call.intent.text if call.intent else None for call in folded(tape).calls]


def doubts(tape: Tape) -> set[str]:
    return set(folded(tape).doubts.values())


def at_once(ann: str = "for ann", bob: str = "for bob") -> Tape:
    """Two messages that are open at the same time."""
    tape = Tape()
    tape.begin(ann, "ann", item=0)
    tape.begin(bob, "bob", item=0)
    return tape


def given_up_after(seconds: float, text: str = "early", name: str = "ann") -> Tape:
    """A message that was reported as failed while the client waited, and another one that is open."""
    tape = Tape()
    tape.begin(text, name)
    tape.token()
    tape.create(name, status=503)
    tape.wait(seconds)
    tape.end("failed")
    return tape


def test_late_work_belongs_to_the_message_that_was_reported() -> None:
    tape = Tape()
    tape.begin("early", "ann")
    tape.end("accepted")
    tape.begin("late", "bob")
    ann, bob = tape.create("ann"), tape.create("bob")
    tape.send(ann, "early")
    tape.send(bob, "late")
    tape.end("accepted")
    assert owners(tape) == ["early", "late", "early", "late"]
    assert folded(tape).intents[0].late


def test_late_work_of_two_messages_that_nothing_tells_apart_is_nobodys() -> None:
    """Each of them may have been sent once: that is not one that was accepted twice."""
    tape = Tape()
    for _ in range(2):
        tape.begin("again", "bob")
        tape.end("accepted")
    for _ in range(2):
        tape.send(tape.create("bob"), "again")
    assert owners(tape) == [None, None, None, None]
    assert doubts(tape) == {LATE}
    assert "D1" not in tape.roots()


def test_a_token_call_is_the_clients_own_while_it_may_be_at_work_on_an_earlier_message() -> None:
    tape = given_up_after(10)
    tape.begin("late", "bob")
    tape.token()
    assert owners(tape)[-1] is None
    assert doubts(tape) == {LATE}


def test_a_message_that_failed_at_its_last_answer_is_over() -> None:
    tape = given_up_after(0)
    tape.begin("late", "bob")
    tape.token()
    assert owners(tape)[-1] == "late"
    assert doubts(tape) == set()


def test_a_create_for_the_guest_of_a_message_that_may_go_on_is_nobodys_for_sure() -> None:
    tape = given_up_after(10)
    tape.begin("late", "bob")
    tape.create("ann", status=503)
    tape.end("failed")
    assert owners(tape)[-1] is None
    assert tape.judged().of("D5").status == "inconclusive"
    assert LATE in tape.judged().of("D5").message


def test_a_guest_from_an_earlier_message_is_altered_if_the_session_carries_the_open_ones_text() -> None:
    tape = Tape()
    tape.begin("first", "ann")
    tape.send(tape.create("ann"), "first")
    tape.end()
    tape.begin("second", "bob")
    tape.send(tape.create("ann"), "second")
    tape.end()
    assert tape.roots() == ["D5"]


def test_what_a_restarted_client_does_is_not_late_work() -> None:
    tape = given_up_after(10)
    tape.perturb("restart_client")
    tape.begin("late", "bob")
    tape.token()
    assert owners(tape)[-1] == "late"


@pytest.mark.parametrize("guest", ["ann", "bob"])
def test_what_a_restarted_client_has_kept_in_a_file_may_be_late_work(guest: str) -> None:
    tape = given_up_after(0)
    tape.perturb("restart_client")
    tape.begin("late", guest)
    tape.send(tape.create("ann"), "early")
    tape.send(tape.create(guest), "late")
    tape.end()
    assert owners(tape)[-2:] == ["late", "late"]
    assert "late" not in owners(tape)[2:-2]
    assert tape.roots() == ["D2"]  # the early message was given up after one failure


def test_a_restarted_client_may_not_know_what_the_old_one_was_answered() -> None:
    tape = given_up_after(0)
    tape.perturb("restart_client")
    tape.begin("late", "bob")
    tape.send(tape.create("ann"), "early")
    verdict = tape.judged().of("R6")
    assert verdict.status == "inconclusive"
    assert "the client was restarted in between" in verdict.message


def test_a_message_that_a_restarted_client_sends_again_is_accepted_twice() -> None:
    tape = Tape()
    tape.begin("early", "ann")
    tape.token()
    tape.send(tape.create("ann"), "early", **LOST_RESPONSE)
    tape.end("failed")
    tape.perturb("restart_client")
    tape.begin("late", "bob")
    tape.send(tape.create("ann"), "early")
    assert tape.judged().of("D1").message == "message 1 was accepted twice"


def test_a_session_that_was_created_late_is_not_shared_with_a_message_of_the_same_text() -> None:
    tape = Tape()
    tape.begin("again", "ann")
    tape.token()
    send = tape.leave_send(tape.create("ann"), "again")
    tape.end("failed")
    tape.answer(send, 500)
    tape.begin("again", "bob", item=9)
    tape.begin("other", "ann", item=9)
    tape.send(tape.create("ann"), "again")
    assert owners(tape)[-2:] == ["again", None]
    assert "S3" not in tape.roots()


def test_an_altered_text_that_equals_another_message_belongs_to_its_session() -> None:
    tape = at_once("0\x01", "0")
    ann, bob = tape.create("ann"), tape.create("bob")
    tape.send(bob, "0")
    tape.send(ann, "0")
    tape.end()
    tape.end()
    assert owners(tape) == ["0\x01", "0", "0", "0\x01"]
    assert tape.roots() == ["D4"]


def test_another_messages_text_that_is_not_an_altered_one_is_a_session_mixed_up() -> None:
    tape = at_once()
    ann, bob = tape.create("ann"), tape.create("bob")
    tape.send(bob, "for bob")
    tape.send(ann, "for bob")
    tape.end()
    tape.end()
    assert tape.roots() == ["S3"]


def test_a_guest_that_was_overwritten_by_a_message_sent_at_once_is_altered() -> None:
    tape = at_once()
    first, second = tape.create("bob"), tape.create("bob")
    tape.send(first, "for bob")
    tape.send(second, "for ann")
    tape.end()
    tape.end()
    assert owners(tape) == ["for bob", "for ann", "for bob", "for ann"]
    assert tape.roots() == ["D5"]


def test_creates_that_were_refused_are_uncertain_if_one_guest_is_named_twice_and_another_never() -> None:
    tape = at_once()
    tape.create("bob", status=503)
    tape.create("bob", status=503)
    assert owners(tape) == [None, None]
    assert doubts(tape) == {MIXED}


def test_sends_that_cannot_be_read_belong_to_the_client_also_when_one_message_is_left() -> None:
    tape = at_once()
    tape.create("ann")
    tape.create("bob")
    tape.answer(tape.leave_send(None, ""), 403)
    tape.end("failed", intent=0)
    tape.answer(tape.leave_send(None, ""), **DEAD)
    tape.end("failed", intent=1)
    assert owners(tape) == ["for ann", "for bob", None, None]
    assert tape.status("R2") == "not_exercised"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (" x ", "x"),
        ("a\x01b", "ab"),
        ("ABC", "abc"),
        ("a < b", "a &lt; b"),
        ("e\u0301", "\u00e9"),
        ("long text", "long"),
        ("é!", "!"),
    ],
)
def test_texts_that_may_have_been_altered(given: str, sent: str) -> None:
    assert may_become(given, sent)


@pytest.mark.parametrize(("given", "sent"), [("0", "1"), ("for ann", "for bob"), ("x", " x "), ("ab", "ba")])
def test_texts_that_are_others(given: str, sent: str) -> None:
    assert not may_become(given, sent)
