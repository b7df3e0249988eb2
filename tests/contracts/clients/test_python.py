from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from contracts.clients.errors import FactoryError
from contracts.clients.python import PythonClients
from contracts.history import document
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.report.words import state_words
from contracts.runner import Run, Runner
from contracts.scenario import Advance, ExpireTokens, Fault, Item, Message, RestartClient, Scenario, Send, SendParallel
from mockserver.journal import Arrival, Guest, Returned
from tests.contracts.clients.staging import PATIENCE
from tests.contracts.small import SESSIONS, Small, SmallAsync, errors, outcomes, reasons

ANN, BOB = Guest("Ann", "ann@example.com"), Guest("Bob", "bob@example.com")
HELLO = Send(ANN, "hello")
BOTH = SendParallel((Message(ANN, "a"), Message(BOB, "b")))


def run(factory: Callable[[Any], Any], *items: Item) -> Run:
    with Runner(PythonClients(factory, patience=PATIENCE, factory_patience=PATIENCE)) as world:
        return world.run(Scenario(items))


@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_a_client_that_returns_has_its_message_accepted(factory: Callable[[Any], Any]) -> None:
    seen = run(factory, HELLO, Advance(40), HELLO, BOTH)
    assert outcomes(seen) == ["accepted"] * 4
    assert reasons(seen).count("message.accepted") == 4


@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_an_exception_is_a_failure_and_told(factory: Callable[[Any], Any]) -> None:
    seen = run(factory, Fault("create", "status", status=503), HELLO, HELLO)
    assert outcomes(seen) == ["failed", "accepted"]
    assert errors(seen)[0].startswith("HTTPStatusError: Server error '503")


def test_a_page_that_a_redirect_led_to_is_told_beside_the_trace() -> None:
    class Following(Small):
        def __init__(self, platform: Any) -> None:
            super().__init__(platform)
            self.http.follow_redirects = True

    seen = run(Following, Fault("send", "redirect", status=302), HELLO)
    told = [(line.stream, line.text) for line in seen.log() if line.stream == "page"]
    assert told == [("page", "GET /maintenance: 200, from a page and not the platform")]


def test_a_refusal_keeps_its_reason_beside_a_fault() -> None:
    late, cut = Fault("create", "latency", seconds=1.0), Fault("create", "truncated_body")
    seen = run(Small, HELLO, ExpireTokens(), cut, HELLO, late, HELLO)
    history = build_history(well_formed(seen.trace))
    refused = [state_words(call, history) for call in history.calls if call.status == 401]
    assert refused == ["auth.expired", "auth.expired, fault: latency 1 s before acting"]


def test_a_factory_may_be_a_coroutine_and_need_a_loop() -> None:
    class Eager(SmallAsync):
        async def ready(self) -> Eager:
            await self.bearer()
            return self

    async def factory(platform: Any) -> Eager:
        return await Eager(platform).ready()

    assert outcomes(run(factory, HELLO)) == ["accepted"]


def test_a_plain_factory_may_start_tasks() -> None:
    class Refreshing(SmallAsync):
        def __init__(self, platform: Any) -> None:
            super().__init__(platform)
            self.refreshing = asyncio.get_running_loop().create_task(self.refresh())

        async def refresh(self) -> None:
            while True:
                self.token = await self.log_in()
                await asyncio.sleep(3600)

    def factory(platform: Any) -> Refreshing:
        return Refreshing(platform)

    seen = run(factory, HELLO, Advance(3700), HELLO)
    assert outcomes(seen) == ["accepted", "accepted"]
    assert reasons(seen).count("token.issued") == 3


def test_a_plain_function_may_return_something_to_await() -> None:
    class Wrapped:
        def __init__(self, platform: Any) -> None:
            self.inner = SmallAsync(platform)

        def send(self, guest: Guest, text: str) -> Any:
            return self.inner.send(guest, text)

    assert outcomes(run(Wrapped, HELLO, HELLO)) == ["accepted", "accepted"]


def test_a_schedule_decides_who_comes_first() -> None:
    def first_guest(schedule: tuple[int, ...]) -> list[str]:
        class LoggedIn(Small):
            def __init__(self, platform: Any) -> None:
                super().__init__(platform)
                self.token = self.log_in()

        seen = run(LoggedIn, SendParallel(BOTH.sends, schedule=schedule))
        creates = [entry for entry in seen.trace if isinstance(entry, Arrival) and entry.path == SESSIONS]
        return [document(entry)["guest"]["name"] for entry in creates]

    assert first_guest(()) == ["Ann", "Bob"]
    assert first_guest((0, 0, 1)) == ["Bob", "Ann"]


@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_every_answer_that_comes_back_is_noted(factory: Callable[[Any], Any]) -> None:
    seen = run(factory, HELLO, BOTH)
    arrived = [entry.context_id for entry in seen.trace if isinstance(entry, Arrival)]
    returned = [entry.context_id for entry in seen.trace if isinstance(entry, Returned) and entry.answered]
    assert sorted(arrived) == sorted(returned)


@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_who_stops_waiting_gets_no_answer(factory: Callable[[Any], Any]) -> None:
    seen = run(factory, Fault("send", "latency", seconds=10, where="after"), HELLO)
    returned = [entry.answered for entry in seen.trace if isinstance(entry, Returned)]
    assert outcomes(seen) == ["failed"]
    assert errors(seen) == ["ReadTimeout: no answer within the read timeout"]
    assert returned == [True, True, False]
    assert "message.accepted" in reasons(seen)


def test_what_a_loop_cancels_gets_no_answer() -> None:
    class Hasty(SmallAsync):
        async def send(self, guest: Any, text: str) -> None:
            await asyncio.wait_for(super().send(guest, text), 0.5)

    seen = run(Hasty, Fault("send", "latency", seconds=3, where="before"), HELLO)
    assert outcomes(seen) == ["failed"]
    assert [entry.answered for entry in seen.trace if isinstance(entry, Returned)] == [True, True, False]


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()])
def test_whatever_a_client_raises_is_a_failure(raised: BaseException) -> None:
    class Raising(Small):
        def send(self, guest: Any, text: str) -> None:
            raise raised

    assert outcomes(run(Raising, HELLO, HELLO)) == ["failed", "failed"]


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
def test_whatever_an_asynchronous_client_raises_is_a_failure(raised: BaseException) -> None:
    class Raising(SmallAsync):
        async def send(self, guest: Any, text: str) -> None:
            raise raised

    assert outcomes(run(Raising, HELLO, HELLO)) == ["failed", "failed"]


def test_errors_are_told_in_one_short_line_without_tokens() -> None:
    class Talkative(Small):
        def send(self, guest: Any, text: str) -> None:
            raise RuntimeError(f"{self.bearer()}\n" + "x" * 10_000)

    (told,) = errors(run(Talkative, HELLO))
    assert "\n" not in told
    assert len(told) <= 500
    assert "REDACTED" in told


def test_errors_are_told_without_the_clients_secret() -> None:
    class Talkative(Small):
        def send(self, guest: Any, text: str) -> None:
            raise RuntimeError(f"{secret_of(self.platform)} was refused")

    def factory(platform: Any) -> Small:
        raise RuntimeError(f"{secret_of(platform)} was refused")

    assert errors(run(Talkative, HELLO)) == ["RuntimeError: [REDACTED], Basic [REDACTED] was refused"]
    with pytest.raises(FactoryError, match=r"the factory raised RuntimeError: \[REDACTED\], Basic \[REDACTED\] was refused"):
        run(factory, HELLO)


def secret_of(platform: Any) -> str:
    """A client's secret, in both the shapes that it may have."""
    pair = f"{platform.client_id}:{platform.client_secret}"
    return f"{platform.client_secret}, Basic {b64encode(pair.encode()).decode()}"


def test_a_client_that_blocks_never_returns() -> None:
    class Blocking(Small):
        def send(self, guest: Any, text: str) -> None:
            threading.Event().wait()

    seen = run(Blocking, HELLO, HELLO)
    assert outcomes(seen) == ["never"]
    assert "showed nothing" in seen.hung


def test_an_asynchronous_client_that_blocks_never_returns() -> None:
    class Blocking(SmallAsync):
        async def send(self, guest: Any, text: str) -> None:
            await asyncio.Event().wait()

    assert outcomes(run(Blocking, BOTH)) == ["never", "never"]


def test_a_client_that_asks_for_ever_is_stopped() -> None:
    class Asking(Small):
        def send(self, guest: Any, text: str) -> None:
            while True:
                self.http.post("/nowhere")

    seen = run(Asking, HELLO)
    assert outcomes(seen) == ["never"]
    assert seen.hung == "it made more than 300 requests"


def test_a_client_that_waits_for_days_is_stopped() -> None:
    class Waiting(Small):
        def send(self, guest: Any, text: str) -> None:
            self.platform.sleep(100_000)

    assert outcomes(run(Waiting, HELLO)) == ["never"]


def test_a_pace_that_outlives_a_client_does_not_make_the_next_run_wait() -> None:
    class Paced(Small):
        free = 0.0

        def send(self, guest: Any, text: str) -> None:
            self.platform.sleep(max(0, Paced.free - time.monotonic()))
            Paced.free = time.monotonic() + 0.5
            super().send(guest, text)

    scenario = Scenario((HELLO, Advance(100_000), HELLO), policy={"token_ttl": 200_000})
    with Runner(PythonClients(Paced, patience=PATIENCE)) as world:
        for _ in range(2):
            assert outcomes(world.run(scenario)) == ["accepted", "accepted"]


def test_a_background_task_that_ends_the_loop_stops_the_client() -> None:
    class Exiting(SmallAsync):
        async def send(self, guest: Any, text: str) -> None:
            self.task = asyncio.create_task(self.leave())
            await asyncio.sleep(1)

        async def leave(self) -> None:
            sys.exit(4)

    seen = run(Exiting, HELLO)
    assert outcomes(seen) == ["never"]
    assert "SystemExit: 4" in seen.hung


def test_platform_time_is_the_clients_time() -> None:
    class Sleeping(Small):
        def send(self, guest: Any, text: str) -> None:
            before = self.platform.now(), time.time()
            self.platform.sleep(2.5)
            assert [round(now - then, 3) for now, then in zip((self.platform.now(), time.time()), before, strict=True)] == [
                2.5,
                2.5,
            ]
            super().send(guest, text)

    class SleepingAsync(SmallAsync):
        async def send(self, guest: Any, text: str) -> None:
            before = self.platform.now()
            await self.platform.sleep(2.5)
            assert round(self.platform.now() - before, 3) == 2.5
            await super().send(guest, text)

    assert outcomes(run(Sleeping, HELLO)) == ["accepted"]
    assert outcomes(run(SleepingAsync, HELLO)) == ["accepted"]


@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_years_may_pass(factory: Callable[[Any], Any]) -> None:
    """After so long a double no longer tells nanoseconds apart, and a token is no longer good."""
    assert outcomes(run(factory, HELLO, Advance(9 * 365 * 86_400.0), HELLO)) == ["accepted", "failed"]


def test_a_restarted_client_is_a_new_one() -> None:
    made: list[Small] = []

    class Counted(Small):
        def __init__(self, platform: Any) -> None:
            super().__init__(platform)
            made.append(self)

    seen = run(Counted, HELLO, RestartClient(), HELLO)
    assert outcomes(seen) == ["accepted", "accepted"]
    assert len(made) == 2
    assert made[0].http.is_closed
    assert made[1].http.is_closed


def test_a_client_that_cannot_start_again_fails_what_it_is_asked() -> None:
    starts: list[int] = []

    class Once(Small):
        def __init__(self, platform: Any) -> None:
            super().__init__(platform)
            starts.append(1)
            if len(starts) > 1:
                raise RuntimeError("no second time")

    seen = run(Once, HELLO, RestartClient(), HELLO, Advance(3), HELLO)
    assert outcomes(seen) == ["accepted", "failed", "failed"]
    assert "no second time" in errors(seen)[0]


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        (lambda platform: 1 / 0, "the factory raised ZeroDivisionError: division by zero"),
        (lambda platform: sys.exit("bye"), "the factory raised SystemExit: bye"),
        (lambda platform: None, r"the factory returned NoneType, which has no send\(guest, text\)"),
        (lambda: None, "the factory raised TypeError"),
        (lambda platform: threading.Event().wait(), "the factory did not return: it showed nothing"),
    ],
)
def test_a_factory_that_gives_no_client_is_told(factory: Callable[..., Any], words: str) -> None:
    with pytest.raises(FactoryError, match=words):
        run(factory, HELLO)


def test_a_client_that_forks_leaves_nobody_behind() -> None:
    children: list[int] = []

    class Forking(Small):
        def send(self, guest: Any, text: str) -> None:
            child = os.fork()
            if child:
                children.append(child)
                super().send(guest, text)

    assert outcomes(run(Forking, HELLO)) == ["accepted"]
    assert os.waitpid(children[0], 0) == (children[0], 0)


def test_threads_of_a_client_end_with_it() -> None:
    class Refreshing(Small):
        def __init__(self, platform: Any) -> None:
            super().__init__(platform)
            self.thread = threading.Thread(target=self.refresh, name="a refresher", daemon=True)
            self.thread.start()
            refreshers.append(self.thread)

        def refresh(self) -> None:
            while True:
                self.token = self.log_in()
                self.platform.sleep(3600)

    refreshers: list[threading.Thread] = []
    seen = run(Refreshing, HELLO, Advance(7200.5), HELLO)
    assert reasons(seen).count("token.issued") == 3
    refreshers[0].join(10)
    assert not refreshers[0].is_alive()
