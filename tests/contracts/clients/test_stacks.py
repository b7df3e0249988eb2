"""Right clients on many stacks: none is condemned because of a deadline of its own, and whose time is real is said to be so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.clauses import CLAUSES, judged
from contracts.clients.python import PythonClients
from contracts.judge import DEFAULTS, Judgement, Status
from contracts.runner import Runner
from contracts.scenario import Advance, EndSessions, ExpireTokens, Fault, Message, Scenario, Send, SendParallel, Trigger
from mockserver.journal import Guest
from tests.contracts.clients.stacks import blocking, looping, outside

ANN, BOB = Guest("Ann", "ann@example.com"), Guest("Bob", "bob@example.com")
HELLO = Send(ANN, "hello")

LATE = [
    Scenario((HELLO, ExpireTokens(), Send(ANN, "again", (Trigger("create", Advance(300)), Trigger("token", Advance(300)))))),
    Scenario((Send(ANN, "hello", (Trigger("send", Advance(300)), Trigger("send", EndSessions()))), HELLO)),
    *(
        Scenario((fault, HELLO, ExpireTokens(), HELLO))
        for fault in [
            Fault("token", "latency", seconds=10, where="after"),
            Fault("create", "latency", seconds=30, where="before"),
            Fault("create", "latency", seconds=31, where="after"),
            Fault("send", "latency", seconds=10, where="after"),
            Fault("send", "latency", seconds=30, where="before"),
        ]
    ),
    Scenario((SendParallel((Message(ANN, "a"), Message(BOB, "b")), (Trigger("create", Advance(31)),), (1, 0, 1)),)),
]
"""Time passes on the way: beyond every deadline of the clients', and exactly as long as one."""

BLOCKING = [
    blocking.Requests,
    blocking.Urllib3,
    blocking.HttpClient,
    blocking.Httpx,
    blocking.FutureResult,
    blocking.FuturesWait,
    blocking.TimerWatchdog,
    blocking.EventWatchdog,
    blocking.ConditionWatchdog,
]
LOOPING = [
    looping.Aiohttp,
    looping.Aiohttp30,
    looping.Aiohttp10,
    looping.AiohttpSockRead,
    looping.Tornado,
    looping.HttpxAsync,
    looping.WaitFor,
    looping.AsyncioTimeout,
    looping.AnyioFailAfter,
    looping.Facade,
    outside.Trio,
]
IN_PROCESS = [
    blocking.Httpx,
    blocking.FutureResult,
    blocking.FuturesWait,
    looping.HttpxAsync,
    looping.WaitFor,
    looping.AsyncioTimeout,
    looping.AnyioFailAfter,
    outside.Trio,
]


def verdicts(factory: Callable[[Any], Any], scenarios: list[Scenario], *, socket: bool) -> list[Judgement]:
    with Runner(PythonClients(factory, socket=socket)) as world:
        return [judged(world.run(scenario).trace, DEFAULTS, CLAUSES) for scenario in scenarios]


def violated(judgements: list[Judgement]) -> list[str]:
    return [f"{verdict.code}: {verdict.message}" for judgement in judgements for verdict in judgement.violated]


@pytest.mark.parametrize("factory", [*BLOCKING, *LOOPING])
def test_a_deadline_of_the_clients_own_strikes_before_what_comes_later_on_a_socket(factory: Callable[[Any], Any]) -> None:
    seen = verdicts(factory, LATE, socket=True)
    assert violated(seen) == []
    assert not any(judgement.history.header.time for judgement in seen)


@pytest.mark.parametrize("factory", IN_PROCESS)
def test_a_deadline_of_the_clients_own_strikes_before_what_comes_later_in_process(factory: Callable[[Any], Any]) -> None:
    seen = verdicts(factory, LATE, socket=False)
    assert violated(seen) == []
    assert not any(judgement.history.header.time for judgement in seen)


BUSY = [
    Scenario((Fault("create", "status", status=503), HELLO)),
    Scenario((Fault("send", "status", status=429, retry_after=45), HELLO)),
]


@pytest.mark.parametrize(
    "factory",
    [
        outside.SelectSleep,
        outside.SelectorSleep,
        outside.PollSleep,
        outside.SchedSleep,
        outside.ModuleLock,
        outside.ModulePool,
        outside.ModuleQueue,
    ],
)
def test_waits_by_other_means_than_sleep_are_moved_too(factory: Callable[[Any], Any]) -> None:
    seen = verdicts(factory, BUSY, socket=False)
    assert violated(seen) == []
    assert [judgement.of(code).status for judgement, code in zip(seen, ("R6", "R5"), strict=True)] == [Status.HELD] * 2


@pytest.mark.parametrize(
    ("factory", "why"),
    [
        (outside.Pycurl, "waited in real time"),
        (outside.ForkedWorker, "forked a process"),
    ],
)
def test_a_client_whose_time_is_real_is_not_judged_by_it(factory: Callable[[Any], Any], why: str) -> None:
    seen = verdicts(factory, BUSY, socket=True)
    assert violated(seen) == []
    assert all(why in str(judgement.history.header.time) for judgement in seen)
    told = seen[0].of("R6")
    assert told.status is Status.INCONCLUSIVE
    assert "--command" in told.message
    assert seen[0].of("W1").status is Status.HELD


def test_a_wait_in_c_is_noticed() -> None:
    (seen,) = verdicts(outside.CSleep, BUSY[:1], socket=False)
    assert seen.of("R6").status is Status.INCONCLUSIVE
    assert "CSleep.sleep waited in real time" in seen.of("R6").message


def test_a_process_that_is_waited_for_gets_the_time_it_takes() -> None:
    seen = verdicts(outside.PopenWait, [Scenario((HELLO,))], socket=False)
    assert violated(seen) == []
    assert seen[0].of("D2").status is Status.HELD
