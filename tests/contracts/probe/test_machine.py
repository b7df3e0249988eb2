"""Histories: what Hypothesis finds that no directed trial asks for, and how short it makes the way there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.platform_requests import PlatformReply
from contracts.probe import in_process
from contracts.probe.judging import Broken, Results, ViolatingRun
from contracts.probe.machine import CLAUSES, explore, shorten, shorter_than
from contracts.probe.refusals import BAD_BODY, FOREIGN, NO_SCOPE
from contracts.probe.runner import ProbeRunner
from contracts.probe.session_model import Rules
from contracts.probe.story import ChangePolicy, CreateStep, ProbeScript, ProbeStory, SendStep, Step, Wait, WaitFor
from mockserver.engine import decide as deciding
from mockserver.engine.model import MESSAGES, Credential, Policy
from mockserver.journal import Arrival, Perturbed
from mockserver.wire.message import Request
from tests.contracts.probe.spoiling import spoilt, with_status

RULES = Rules(ttl=60_000, idle_timeout=10_000, handshakes=2)

ALWAYS = {f"P{number}" for number in range(1, 14)}


def whatever_happens(steps: list[Step]) -> Results:
    """The ledger after a story told to the mock."""
    ledger = Results(ALWAYS)
    with in_process() as provider:
        story = ProbeStory(ProbeRunner(provider, ledger), RULES)
        story.begin()
        for step in steps:
            story.take(step)
        story.close()
    return ledger


@pytest.mark.parametrize(
    ("steps", "exercised"),
    [
        ([SendStep(0)], "P1"),
        ([SendStep(0), SendStep(0), SendStep(0)], "P2"),
        ([WaitFor(0, -1), SendStep(0)], "P5"),
        ([WaitFor(0, 0), SendStep(0)], "P5"),
        ([Wait(5_000), SendStep(0, BAD_BODY), WaitFor(0, 0), SendStep(0)], "P10"),
        ([ChangePolicy(Rules(20_000, 90_000, 1)), CreateStep(False), WaitFor(1, 0), SendStep(1)], "P4"),
        ([SendStep(0, FOREIGN), SendStep(0)], "P6"),
        ([SendStep(0, NO_SCOPE), SendStep(0)], "P7"),
        ([WaitFor(0, 0), SendStep(0, NO_SCOPE)], "P9"),
        ([CreateStep(True), SendStep(1), SendStep(1, FOREIGN)], "P6"),
    ],
)
def test_the_mock_does_as_the_model_says_and_the_step_counts_for_its_clause(steps: list[Step], exercised: str) -> None:
    ledger = whatever_happens(steps)
    assert ledger.witnesses == {}
    assert ledger.exercised[exercised] == 1


@pytest.mark.parametrize("seed", range(3))
def test_histories_of_the_mock_break_nothing_and_put_their_clauses_to_the_test(seed: int) -> None:
    ledger = Results(ALWAYS)
    with in_process() as provider:
        explore(ProbeRunner(provider, ledger), 60, seed)
    assert ledger.witnesses == {}
    assert set(ledger.exercised) >= {"P1", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11"}


# -- a mock that takes a refused message for activity --------------------------------------------------------------------


@pytest.fixture
def _refusals_are_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let refusals of a wrong body count as activity.

    A probe finds this only if it waits, sends such a body, waits again and then sends.
    """
    from msgspec.structs import replace

    from mockserver import service
    from mockserver.engine.decide import Outcome, ParsedRequest, Seen, decide

    def active(ask: ParsedRequest, seen: Seen, new_id: str = "", most: int | None = None) -> Outcome:
        outcome, held = decide(ask, seen, new_id, most), seen.session
        if held is None or not outcome.reason.startswith("body."):
            return outcome
        touched = replace(held, version=held.version + 1, idle_at=seen.now + seen.organization.policy.idle_timeout)
        return replace(outcome, session=touched)

    monkeypatch.setattr(service, "decide", active)


def hunted(seed: int) -> ViolatingRun:
    """The shortest history in which P5 is broken."""
    ledger = Results({"P5"})
    with in_process() as provider:
        lab = ProbeRunner(provider, ledger)
        shorten(lab, "P5", explore(lab, 40, seed)["P5"])
    return ledger.witnesses["P5"]


@pytest.mark.usefixtures("_refusals_are_activity")
def test_the_way_to_a_breach_is_as_short_as_can_be() -> None:
    witness = hunted(seed=2)
    asked = [entry.operation for entry in witness.trace if isinstance(entry, Arrival)]
    assert asked == ["token", "create", "send", "send"]
    assert {entry.what for entry in witness.trace if isinstance(entry, Perturbed)} == {"advance"}
    assert [item.label for item in witness.evidence] == ["refused before", "answered 200"]
    assert witness.minimal


@pytest.mark.usefixtures("_refusals_are_activity")
def test_the_same_seed_finds_the_same() -> None:
    first, second = hunted(seed=1), hunted(seed=1)
    assert (first.message, first.evidence, first.number) == (second.message, second.evidence, second.number)
    assert [type(entry) for entry in first.trace] == [type(entry) for entry in second.trace]


def test_waits_are_made_one() -> None:
    waits = ProbeScript(RULES, (Wait(1_000), Wait(5_000), SendStep(0)))
    assert waits.of((Wait(6_000), SendStep(0))) in list(shorter_than(waits))


def test_a_clause_that_is_hunted_ends_its_run() -> None:
    ledger = Results({"P1"})
    ledger.hunted = "P1"
    with pytest.raises(Broken, match="why"):
        ledger.breach("P1", "why", (), ())


def test_what_is_not_wanted_is_not_kept() -> None:
    ledger = Results({"P1"})
    ledger.begin()
    ledger.exercise("P2")
    ledger.breach("P2", "why", (), ())
    assert (ledger.exercised, ledger.witnesses) == ({}, {})


# -- a provider that does not do the same twice --------------------------------------------------------------------------


def every_third(change: Callable[[PlatformReply], PlatformReply]) -> Callable[[Request, PlatformReply], PlatformReply]:
    """Changes every third answer to a message."""
    counted = iter(range(1 << 62))

    def some(request: Request, reply: PlatformReply) -> PlatformReply:
        return change(reply) if request.path == MESSAGES and next(counted) % 3 == 0 else reply

    return some


def test_a_provider_that_fails_now_and_then_is_found_all_the_same() -> None:
    ledger = Results(ALWAYS)
    with spoilt(every_third(lambda reply: with_status(reply, 500))) as provider:
        lab = ProbeRunner(provider, ledger)
        shorten(lab, "P1", explore(lab, 30, 0)["P1"])
    assert "P1" in ledger.witnesses


def test_the_clauses_that_histories_break_are_those_that_need_no_other_replica_and_no_limit() -> None:
    assert sorted(ALWAYS - set(CLAUSES)) == ["P12", "P13", "P3"]


def test_a_mock_whose_sessions_go_on_for_a_millisecond_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(id: str, client_id: str, guest: tuple[str, str], now: int, policy: Policy) -> Credential:
        from msgspec.structs import replace

        made = opened(id, client_id, guest, now, policy)
        return replace(made, idle_at=made.idle_at + 1)

    opened = deciding.open_session
    monkeypatch.setattr(deciding, "open_session", late)
    assert hunted(seed=0).message == "a request with an id that was idle for too long was answered 200, not 403 not.authorized"
