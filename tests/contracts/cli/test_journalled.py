"""A request in a line of a terminal."""

from __future__ import annotations

from typing import Any

from contracts.cli.journalled import journalled
from contracts.report.style import Style
from mockserver.journal import Guest, Perturbed, ShownCredential
from mockserver.journal_queries import Exchange

ID = "00000000-6eac-4059-a810-17b9f286b588"
NARROW = Style(columns=80)
AT = 1_795_368_899.198


def exchange(**changes: Any) -> Exchange:
    told: dict[str, Any] = {
        "seq": 1,
        "context_id": ID,
        "at": AT,
        "method": "POST",
        "path": "/send",
        "operation": "send",
        "credential": ShownCredential(form="bearer", token="t1"),
        "guest": Guest("Ann", "ann@example.com"),
        "text": "hello",
        "session": "9b3faa26-7fe2-4c54-a6de-000000000000",
        "answer_seq": 2,
        "status": 200,
        "reason": "message.accepted",
        "code": None,
        "accepted": True,
        "retry_after": None,
        "fault": None,
        "delivery": "complete",
        "duration": 0.0,
    }
    return Exchange(**{**told, **changes})


def lines(item: Exchange | Perturbed, style: Style = NARROW) -> list[str]:
    return list(journalled(item, style))


def test_an_accepted_message_takes_a_line() -> None:
    assert lines(exchange()) == ["17:34:59.198  200   send    9b3faa26  for Ann  'hello'"]


def test_a_refusal_tells_its_reason_first_and_then_what_to_ask_for() -> None:
    first, second = lines(exchange(status=403, reason="session.consumed", accepted=False))
    assert first == "17:34:59.198  403   send    session.consumed  9b3faa26  for Ann  'hello'"
    assert second.strip() == f"contextId {ID}"


def test_an_answer_that_never_left_is_lost_whatever_its_status() -> None:
    first, second = lines(exchange(delivery="lost_response", fault="lost response"))
    assert first == "17:34:59.198  lost  send    message.accepted  fault: lost response  9b3faa26  f…"
    assert ID in second


def test_a_fault_follows_the_reason_as_in_an_explanation() -> None:
    first, _ = lines(exchange(status=503, reason="fault.injected", fault="status 503", accepted=False))
    assert first == "17:34:59.198  503   send    fault.injected  fault: status 503  9b3faa26  for An…"
    (late,) = lines(exchange(fault="latency 2 s"))
    assert late == "17:34:59.198  200   send    fault: latency 2 s  9b3faa26  for Ann  'hello'"


def test_what_the_client_was_told_comes_before_what_the_platform_did() -> None:
    first, second = lines(exchange(status=503, failure="store.unavailable"))
    assert first == "17:34:59.198  503   send    store.unavailable  platform: message.accepted  9b3f…"
    assert second.strip() == f"contextId {ID}"
    (first, _) = lines(exchange(status=503, reason="store.unavailable", failure="store.unavailable", accepted=False))
    assert first == "17:34:59.198  503   send    store.unavailable  9b3faa26  for Ann  'hello'"


def test_what_asks_to_come_back_later_says_when() -> None:
    first, _ = lines(exchange(status=429, reason="rate.limited", retry_after=7, session=None, guest=None, text=None))
    assert first == "17:34:59.198  429   send    rate.limited  Retry-After 7"


def test_a_path_that_is_no_operation_is_told_whole() -> None:
    first, _ = lines(exchange(operation=None, method="GET", path="/nothing", session=None, guest=None, text=None, status=404))
    assert "other   message.accepted  GET /nothing" in first


def test_no_line_is_broken_or_turned_by_what_a_client_sends() -> None:
    hostile = exchange(text="a\nb\u202e" + "😀" * 500, guest=Guest("\x1b[31mAnn", ""))
    (line,) = lines(hostile)
    assert len(line) <= 80
    assert line.isprintable()
    assert "\\x1b[31mAnn" in line


def test_what_is_done_to_the_world_is_told_as_scenarios_write_it() -> None:
    assert lines(Perturbed(3, round(AT * 1000), "advance", {"seconds": 31})) == ["17:34:59.198  advance(seconds=31)"]


def test_colours_tell_refusals_from_the_rest() -> None:
    colour = Style(columns=80, colour=True)
    assert "\x1b[32m200" in lines(exchange(), colour)[0]
    assert "\x1b[31;1m403" in lines(exchange(status=403), colour)[0]
    assert "\x1b[33;1m500" in lines(exchange(status=500), colour)[0]
