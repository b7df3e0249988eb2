from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.clients.python import PythonClients
from contracts.history.validate import well_formed
from contracts.runner import Run, Runner
from contracts.scenario import (
    AcceptTokens,
    Advance,
    EndSessions,
    ExpireTokens,
    Fault,
    GrantScope,
    Item,
    Message,
    Perturbation,
    RejectTokens,
    RestartClient,
    RevokeScope,
    RevokeTokens,
    Scenario,
    Send,
    SendParallel,
    Trigger,
)
from mockserver.errors import SettingsError
from mockserver.journal import Answer, Arrival, Began, Ended, Guest, Header, Perturbed
from mockserver.wire import ArrivedCall, Request
from tests.contracts.small import SESSIONS, Small, SmallAsync, outcomes, reasons, what_happened

ANN, BOB = Guest("Ann", "ann@example.com"), Guest("Bob", "bob@example.com")
HELLO = Send(ANN, "hello")


def run(*items: Item, factory: Callable[[Any], Any] = Small, **policy: Any) -> Run:
    with Runner(PythonClients(factory)) as world:
        return world.run(Scenario(items, policy=policy))


def test_a_trace_tells_a_whole_story_in_order() -> None:
    seen = run(HELLO, EndSessions(), Advance(5), HELLO)
    well_formed(seen.trace)
    assert what_happened(seen) == [
        "began", "token.issued", "session.created", "message.accepted", "ended",
        "advance",
        "began", "session.created", "message.accepted", "ended",
    ]  # fmt: skip


def test_it_begins_with_where_it_was_made() -> None:
    header = run(HELLO, idle_timeout=5).trace[0]
    assert isinstance(header, Header)
    assert (header.clock, header.door) == ("virtual", "in_process")
    assert header.policy["idle_timeout"] == 5
    assert header.policy["ttl"] == 300


def test_intents_are_numbered_and_know_their_item() -> None:
    seen = run(HELLO, Advance(1), SendParallel((Message(ANN, "a"), Message(BOB, "b"))))
    began = [(entry.intent, entry.item, entry.guest, entry.text) for entry in seen.trace if isinstance(entry, Began)]
    assert began == [(0, 0, ANN, "hello"), (1, 2, ANN, "a"), (2, 2, BOB, "b")]


def test_client_and_platform_share_one_time() -> None:
    class Late(Small):
        def send(self, guest: Any, text: str) -> None:
            session = self.create(guest)
            self.platform.sleep(29.999 if text == "in time" else 30)
            self.deliver(session, text)

    seen = run(Send(ANN, "in time"), Send(ANN, "too late"), factory=Late)
    assert outcomes(seen) == ["accepted", "failed"]
    assert reasons(seen)[-1] == "session.idle"
    times = [entry.at for entry in seen.trace if isinstance(entry, Began | Ended)]
    assert [time - times[0] for time in times] == [0, 29_999, 29_999, 59_999]


PERTURBED = [
    (EndSessions(), "send", "session.revoked"),
    (ExpireTokens(), "send", "auth.expired"),
    (RevokeTokens(), "create", "auth.revoked"),
    (RejectTokens(), "create", "auth.rejected"),
    (RevokeScope(), "send", "scope.missing"),
    (Advance(30), "send", "session.idle"),
    (Advance(29.999), "send", "message.accepted"),
    (Fault("send", "opaque_403"), "send", "fault.injected"),
]


@pytest.mark.parametrize(("perturbation", "before", "reason"), PERTURBED)
@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_the_world_changes_inside_an_intent_right_before_a_request(
    factory: Callable[[Any], Any], perturbation: Perturbation, before: Any, reason: str
) -> None:
    seen = run(Send(ANN, "hello", (Trigger(before, perturbation),)), factory=lambda platform: patient(factory(platform)))
    assert reasons(seen)[-1] == reason


def patient(client: Any) -> Any:
    """The client, whose requests may be on their way for as long as they like."""
    client.http.timeout = None
    return client


def test_the_nth_request_of_an_item_is_meant() -> None:
    class Persistent(Small):
        def send(self, guest: Any, text: str) -> None:
            sessions = [self.create(guest) for _ in range(3)]
            self.deliver(sessions[-1], text)

    seen = run(HELLO, Send(ANN, "again", (Trigger("create", RevokeScope(), nth=3),)), factory=Persistent)
    assert reasons(seen)[-3:] == ["session.created", "session.created", "scope.missing"]


def test_what_was_taken_can_be_given_back() -> None:
    seen = run(RevokeScope(), HELLO, GrantScope(), HELLO, RejectTokens(), HELLO, AcceptTokens(), HELLO)
    assert outcomes(seen) == ["failed", "accepted", "failed", "accepted"]
    assert [entry.what for entry in seen.trace if isinstance(entry, Perturbed)] == [
        "revoke_scope",
        "grant_scope",
        "reject_tokens",
        "accept_tokens",
    ]


FAULTS = [
    (Fault("send", "status", status=503), 503, "complete", None),
    (Fault("send", "status", status=429, retry_after=7), 429, "complete", 7),
    (Fault("send", "status", status=500, after_acting=True), 500, "complete", None),
    (Fault("send", "status", status=400), 400, "complete", None),
    (Fault("send", "opaque_403"), 403, "complete", None),
    (Fault("send", "lost_request"), None, "lost_request", None),
    (Fault("send", "lost_response"), None, "lost_response", None),
    (Fault("send", "truncated_body"), None, "truncated", None),
    (Fault("send", "latency", seconds=1), 200, "complete", None),
    (Fault("send", "latency", seconds=1, where="after"), 200, "complete", None),
]


@pytest.mark.parametrize(("fault", "status", "delivery", "wait"), FAULTS)
@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_faults_hit_and_are_gone(
    factory: Callable[[Any], Any], fault: Fault, status: int | None, delivery: str, wait: int | None
) -> None:
    seen = run(fault, HELLO, HELLO, factory=factory)
    well_formed(seen.trace)
    hit = next(entry for entry in seen.trace if isinstance(entry, Answer) and entry.fault)
    assert outcomes(seen) == ["accepted" if status == 200 else "failed", "accepted"]
    assert (hit.delivery, hit.retry_after) == (delivery, wait)
    assert status in {None, hit.status}


def test_time_that_the_world_lets_pass_is_not_the_clients_waiting() -> None:
    items = Send(ANN, "hello", (Trigger("token", Advance(3 * 86_400)),)), Fault("send", "latency", seconds=3), HELLO
    seen = run(*items, factory=lambda platform: patient(Small(platform)))
    assert outcomes(seen) == ["accepted", "accepted"]


def test_a_restart_is_noted() -> None:
    assert "restart_client" in what_happened(run(HELLO, RestartClient(), HELLO))


def test_requests_that_name_nobody_are_in_the_trace_too() -> None:
    class Lost(Small):
        def send(self, guest: Any, text: str) -> None:
            self.http.get("/nowhere")

    paths = [entry.path for entry in run(HELLO, factory=Lost).trace if isinstance(entry, Arrival)]
    assert paths == ["/nowhere"]


def test_every_scenario_begins_at_the_same_moment_with_nothing_left_of_the_last() -> None:
    with Runner(PythonClients(Small)) as world:
        first = world.run(Scenario((HELLO, Advance(1000), HELLO)))
        second = world.run(Scenario((HELLO, Advance(1000), HELLO)))
    assert what_happened(first) == what_happened(second)
    assert [entry.at for entry in first.trace[1:]] == [entry.at for entry in second.trace[1:]]  # type: ignore[union-attr]
    assert [entry.seq for entry in second.trace[1:]] == list(range(1, len(second.trace)))  # type: ignore[union-attr]


def test_clients_of_different_scenarios_are_different_oauth_clients() -> None:
    ids: list[str] = []

    class Telling(Small):
        def __init__(self, platform: Any) -> None:
            super().__init__(platform)
            ids.append(platform.client_id)

    for _ in range(2):
        run(HELLO, factory=Telling)
    assert len(set(ids)) == 2


def test_a_client_that_draws_its_waits_draws_the_same_ones() -> None:
    import random

    class Jittery(Small):
        def send(self, guest: Any, text: str) -> None:
            self.platform.sleep(random.random())
            super().send(guest, text)

    state = random.getstate()
    times = [[entry.at for entry in run(HELLO, factory=Jittery).trace if isinstance(entry, Ended)] for _ in range(2)]
    assert times[0] == times[1]
    assert random.getstate() == state


def test_a_request_that_outlives_its_scenario_leaves_no_answer_in_the_next() -> None:
    """A process has left it behind, say, and no token tells whose it is."""
    late: list[ArrivedCall] = []

    class Leaving(Small):
        def send(self, guest: Any, text: str) -> None:
            if late:
                handler.finish(late.pop())
            else:
                late.append(handler.arrive(Request(method="POST", path=SESSIONS, authorization="Bearer x")))

    with Runner(PythonClients(Leaving)) as world:
        handler = world._handler
        first, second = (world.run(Scenario((HELLO,))) for _ in range(2))
    assert [type(entry) for entry in first.trace] == [Header, Began, Arrival, Ended]
    assert [type(entry) for entry in second.trace] == [Header, Began, Ended]


def test_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="lifetime"):
        run(HELLO, lifetime=3)


def test_the_mocks_own_failures_are_not_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("the mock is broken")

    monkeypatch.setattr("mockserver.service.PlatformService.answer", fail)
    with pytest.raises(ZeroDivisionError, match="the mock is broken"):
        run(HELLO)
