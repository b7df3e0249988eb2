"""A history as the client could know it: the intent of each call, when it left, what came back, and its effect."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.history import CallLeft, CallReturned, History, SendEffect, WorldChanged
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from mockserver.journal import Answer, ShownCredential
from tests.contracts.tape import DEAD, LOST_REQUEST, LOST_RESPONSE, OPAQUE, SCOPE, START, Tape, bearer, guest


def folded(tape: Tape) -> History:
    return build_history(well_formed(tape.entries))


@pytest.mark.parametrize(
    ("answer", "effect"),
    [
        ({}, SendEffect.CONSUMED),
        (DEAD, SendEffect.DEAD),
        (OPAQUE, SendEffect.DEAD),
        (SCOPE, SendEffect.NONE),
        *(({"status": status}, SendEffect.NONE) for status in (400, 401, 413, 415, 429)),
        *(({"status": status}, SendEffect.UNKNOWN) for status in (500, 502, 503)),
        ({"status": 500, "accepted": True}, SendEffect.UNKNOWN),
        (LOST_RESPONSE, SendEffect.UNKNOWN),
        ({"delivery": "truncated"}, SendEffect.UNKNOWN),
        (DEAD | LOST_RESPONSE, SendEffect.UNKNOWN),
    ],
)
@pytest.mark.parametrize("door", ["socket", "in_process"])
def test_the_effect_of_a_send_is_what_its_answer_told(answer: dict[str, Any], effect: SendEffect, door: Any) -> None:
    tape = Tape(door=door)
    tape.send("session-1", **answer)
    assert [call.effect for call in folded(tape).calls] == [effect]


@pytest.mark.parametrize(("door", "effect"), [("in_process", SendEffect.NONE), ("socket", SendEffect.UNKNOWN)])
def test_only_in_process_is_a_lost_request_known_to_be_one(door: Any, effect: SendEffect) -> None:
    tape = Tape(door=door)
    tape.send("session-1", **LOST_REQUEST)
    assert folded(tape).calls[0].effect is effect


def test_what_the_platform_accepted_is_kept_apart_from_what_the_client_knows() -> None:
    tape = Tape()
    tape.send("session-1", **LOST_RESPONSE)
    call = folded(tape).calls[0]
    assert (call.accepted, call.status, call.effect) == (True, None, SendEffect.UNKNOWN)


def test_other_calls_have_no_effect_and_bring_what_they_bring() -> None:
    tape = Tape()
    tape.token("t:1")
    tape.create()
    tape.create(delivery="truncated")
    token, whole, cut = folded(tape).calls
    assert (token.effect, token.received_token) == (None, "t:1")
    assert (whole.received_session, cut.received_session) == ("session-1", None)


def test_an_answer_comes_back_when_it_leaves_the_platform() -> None:
    tape = Tape()
    tape.create(delay=2)
    call = folded(tape).calls[0]
    assert (call.left_at, call.returned_at) == (START, START + 2000)


def test_an_answer_that_leaves_later_comes_back_after_what_happens_meanwhile() -> None:
    """The mock journals an answer when it decides, and stamps it with when it will leave."""
    tape = Tape()
    slow, quick = tape.leave_create("ann"), tape.leave_create("bob")
    tape.entries.append(Answer(len(tape.entries), START + 5000, slow, 200, "session.created", issued="session-1"))
    tape.wait(1)
    tape.created(quick)
    tape.wait(9)
    tape.leave_create("carl")
    travels = [moment for moment in folded(tape).moments if isinstance(moment, CallLeft | CallReturned)]
    order = [(type(moment).__name__, moment.call.number) for moment in travels]
    assert order == [("CallLeft", 1), ("CallLeft", 2), ("CallReturned", 2), ("CallReturned", 1), ("CallLeft", 3)]


def test_whoever_watched_the_clients_side_knows_better_when_an_answer_came_back() -> None:
    tape = Tape()
    context = tape.leave_create()
    tape.created(context)
    tape.wait(3)
    tape.returned(context)
    call = folded(tape).calls[0]
    assert (call.returned_at, call.status) == (START + 3000, 200)


def test_an_answer_that_nobody_waited_for_did_not_reach_the_client() -> None:
    tape = Tape()
    context = tape.leave_send("session-1")
    tape.returned(context, answered=False)
    tape.answer(context)
    call = folded(tape).calls[0]
    assert (call.status, call.effect, call.accepted) == (None, SendEffect.UNKNOWN, True)


def test_a_call_that_was_never_answered_never_came_back() -> None:
    tape = Tape()
    tape.leave_send("session-1")
    call = folded(tape).calls[0]
    assert (call.returned, call.effect) == (None, None)


def test_what_the_world_does_to_a_request_on_its_way_comes_after_it_left() -> None:
    tape = Tape()
    tape.begin()
    tape.perturb("advance", seconds=40)
    tape.create()
    history = folded(tape)
    call = history.calls[0]
    kinds = [type(moment) for moment in history.moments[1:]]
    assert kinds == [CallLeft, WorldChanged, CallReturned]
    assert (call.left_at, call.returned_at) == (START, START + 40_000)
    assert history.changes[0].during is call


def test_what_the_world_does_between_messages_happens_to_nobody() -> None:
    tape = Tape()
    tape.perturb("advance", seconds=40)
    tape.begin()
    tape.create()
    history = folded(tape)
    assert history.calls[0].left_at == START + 40_000
    assert history.changes[0].during is None


def test_calls_belong_to_the_only_open_message() -> None:
    tape = Tape()
    tape.token()
    tape.begin("first")
    tape.create("somebody else")
    tape.end()
    tape.begin("second")
    tape.send("session-1", "anything")
    tape.token()
    tape.end()
    assert [call.intent.text if call.intent else None for call in folded(tape).calls] == [None, "first", "second", "second"]


def overlapping() -> Tape:
    tape = Tape()
    tape.begin("for ann", "ann", item=0)
    tape.begin("for bob", "bob", item=0)
    return tape


def owners(tape: Tape) -> list[str | None]:
    return [call.intent.guest.name if call.intent else None for call in folded(tape).calls]


def test_where_messages_overlap_a_create_goes_by_its_guest_and_a_send_by_its_text() -> None:
    tape = overlapping()
    bob, ann = tape.create("bob"), tape.create("ann")
    tape.send(bob, "for bob")
    tape.send(ann, "for ann")
    assert owners(tape) == ["bob", "ann", "bob", "ann"]


def test_where_messages_overlap_an_altered_text_goes_by_its_sessions_create() -> None:
    tape = overlapping()
    tape.send(tape.create("bob"), "for BOB")
    assert owners(tape) == ["bob", "bob"]


def test_where_messages_overlap_what_cannot_be_told_belongs_to_the_client() -> None:
    tape = overlapping()
    tape.token()
    tape.create("carl")
    tape.send("session-1", "for nobody")
    tape.answer(tape.leave(None, bearer("t:1"), path="/nowhere"), 404)
    history = folded(tape)
    assert [call.intent for call in history.calls] == [None] * 4
    assert {call.open_intents for call in history.calls} == {2}
    assert history.intents[0].group is history.intents[1].group
    assert history.intents[0].group.calls == history.calls


def test_the_last_of_several_messages_to_end_is_the_only_open_one() -> None:
    tape = overlapping()
    tape.end(intent=0)
    tape.token()
    assert owners(tape) == ["bob"]


def test_a_send_that_leaves_late_belongs_to_the_message_whose_text_it_has() -> None:
    tape = overlapping()
    session = tape.create("ann")
    tape.end("failed", intent=0)
    tape.send(session, "for ann")
    assert owners(tape) == ["ann", "ann"]


def test_messages_of_one_run_after_another_are_no_group() -> None:
    tape = Tape()
    tape.begin(item=0)
    tape.end()
    tape.begin(item=0)
    tape.end()
    first, second = folded(tape).intents
    assert first.group is not second.group


def test_sessions_are_named_in_order_of_appearance_and_literals_are_quoted_as_far_as_a_line_goes() -> None:
    tape = Tape()
    first, second = tape.create(), tape.create()
    tape.send("mine", status=403, reason="session.unknown")
    tape.send(second)
    tape.send(first)
    tape.send("x" * 5000, status=403, reason="session.unknown")
    labels = {session.id: session.label for session in folded(tape).sessions.values()}
    long = f"'{'x' * 80}'… (5000 characters)"
    assert labels == {first: "s1", second: "s2", "mine": "'mine'", "x" * 5000: long}


def test_bodies_that_are_not_what_they_should_be_are_no_trouble() -> None:
    tape = Tape()
    bodies: list[Any] = [
        None,
        [],
        "text",
        {"guest": 7},
        {"guest": {"name": 1, "email": 2}},
        {"webChatSessionId": [], "text": 5},
    ]
    for body in bodies:
        tape.answer(tape.leave("create", bearer(None), body), 400)
        tape.answer(tape.leave("send", bearer(None), body), 400)
    assert all(call.guest is None and call.text is None and call.presented is None for call in folded(tape).calls)


def test_another_method_is_another_request() -> None:
    tape = Tape()
    tape.leave("create", ShownCredential("none"), method="GET")
    assert folded(tape).calls[0].operation is None


def test_an_answer_whose_request_is_no_longer_recorded_is_passed_over() -> None:
    tape = Tape()
    tape.create()
    whole = tape.entries[0:1] + tape.entries[2:]
    for entry in whole[1:]:
        entry.seq += 100  # type: ignore[union-attr]
    assert build_history(well_formed(whole)).calls == []


def test_the_policy_is_read_where_the_recording_tells_it() -> None:
    history = folded(Tape(handshakes=2, max_text=True))
    assert (history.policy("handshakes", 1), history.policy("max_text", 4000), history.policy("ttl", 300)) == (2, 4000, 300)


def test_an_intent_knows_its_guest_and_its_outcome() -> None:
    tape = Tape()
    tape.begin("hello", "ann")
    tape.wait(1)
    tape.end("failed")
    intent = folded(tape).intents[0]
    assert (intent.guest, intent.outcome, intent.began_at, intent.ended_at) == (guest("ann"), "failed", START, START + 1000)
