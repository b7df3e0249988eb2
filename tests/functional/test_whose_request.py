"""Clients whose requests are hard to tell apart: a mistake is told once, and a right client of nothing."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from contracts.clauses import CLAUSES
from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.generate import Limits
from contracts.judge import DEFAULTS, Status
from contracts.runner import Runner
from contracts.verify.explore import Drawing, explore
from contracts.verify.search import AS_FOUND, Search
from contracts.verify.trials import MessageTrials

pytestmark = pytest.mark.slow

MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"

Notifier: Any = find("fixtures/clients/notifier.py:Notifier")


def judged(factory: Callable[[Any], Any]) -> dict[str, Status]:
    """Return each clause's result, without minimizing counterexamples."""
    with Runner(PythonClients(factory)) as world:
        campaign = Search(MessageTrials(world, CLAUSES, DEFAULTS))
        explore(campaign, [], Limits(), Drawing(examples=50, chance=0))
        return {result.code: result.status for result in campaign.results(AS_FOUND)}


def broken(factory: Callable[[Any], Any]) -> set[str]:
    return {code for code, status in judged(factory).items() if status is Status.VIOLATED}


class InBackground(Notifier):  # type: ignore[misc]
    """Starts a thread for each message, and reports success at once."""

    def send(self, guest: Any, text: str) -> None:
        threading.Thread(target=self._send, args=(super().send, guest, text), daemon=True).start()

    def _send(self, send: Callable[..., None], guest: Any, text: str) -> None:
        try:
            send(guest, text)
        except Exception:
            return


class InAQueue(InBackground):
    """Puts each message into a queue, and reports success at once."""

    def __init__(self, platform: Any) -> None:
        super().__init__(platform)
        self._queue: queue.Queue[tuple[Any, str] | None] = queue.Queue()
        threading.Thread(target=self._work, daemon=True).start()

    def send(self, guest: Any, text: str) -> None:
        self._queue.put((guest, text))

    def close(self) -> None:
        self._queue.put(None)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            self._send(Notifier.send.__get__(self), *job)


class GivesUpOnItsWorker(Notifier):  # type: ignore[misc]
    """Reports failure after 5 s, while its worker goes on."""

    def __init__(self, platform: Any) -> None:
        super().__init__(platform)
        self._pool = ThreadPoolExecutor(4)

    def send(self, guest: Any, text: str) -> None:
        self._pool.submit(super().send, guest, text).result(timeout=5)

    def close(self) -> None:
        self._pool.shutdown(wait=False)


class DropsControls(Notifier):  # type: ignore[misc]
    """Removes control characters, so that two texts may become the same."""

    def _deliver(self, token: str, session: str, text: str) -> None:
        super()._deliver(token, session, re.sub(r"[\x01-\x1f\x7f-\x9f]", "", text) or "-")


class GuestOnSelf(Notifier):  # type: ignore[misc]
    """Keeps the guest on itself, which threads share."""

    def send(self, guest: Any, text: str) -> None:
        self._guest = guest
        super().send(guest, text)

    def _create(self, token: str, guest: Any) -> str:
        return str(super()._create(token, self._guest))


class FirstGuest(Notifier):  # type: ignore[misc]
    """Uses the guest of its first message for all."""

    _guest: Any = None

    def _create(self, token: str, guest: Any) -> str:
        self._guest = self._guest or guest
        return str(super()._create(token, self._guest))


class NoJson(Notifier):  # type: ignore[misc]
    """Sends a form that it calls JSON."""

    def _call(self, path: str, token: str, body: dict[str, Any], wanted: str) -> Any:
        if path != MESSAGES:
            return super()._call(path, token, body, wanted)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._post(path, wanted, content=b"text=hello", headers=headers)


@pytest.mark.parametrize(
    ("factory", "right", "fair"),
    [
        (InBackground, {"D2", "D3"}, set()),
        (InAQueue, {"D2", "D3"}, set()),
        (GivesUpOnItsWorker, {"D2"}, set()),
        (DropsControls, {"D4"}, set()),
        (GuestOnSelf, {"D5"}, {"S3"}),
        (FirstGuest, {"D5"}, {"S3"}),
        (NoJson, {"W1"}, {"A1"}),
    ],
)
def test_one_mistake_is_told_as_one(factory: Callable[[Any], Any], right: set[str], fair: set[str]) -> None:
    found = broken(factory)
    assert right <= found <= right | fair


class OneWorker(InAQueue):
    """A queue with one worker, for whose answer the sender waits."""

    def send(self, guest: Any, text: str) -> None:
        done: Future[None] = Future()
        self._queue.put(((guest, done), text))
        done.result()

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            (guest, done), text = job
            try:
                done.set_result(Notifier.send(self, guest, text))
            except Exception as error:
                done.set_exception(error)


class TwoStages(Notifier):  # type: ignore[misc]
    """Creates all sessions in one thread, and sends all messages in two others."""

    def __init__(self, platform: Any) -> None:
        super().__init__(platform)
        self._creating, self._sending = ThreadPoolExecutor(1), ThreadPoolExecutor(2)

    def _create(self, token: str, guest: Any) -> str:
        return str(self._creating.submit(super()._create, token, guest).result())

    def _deliver(self, token: str, session: str, text: str) -> None:
        self._sending.submit(super()._deliver, token, session, text).result()

    def close(self) -> None:
        self._creating.shutdown()
        self._sending.shutdown()
        super().close()


class LogsInElsewhere(Notifier):  # type: ignore[misc]
    """Takes its tokens in a thread of their own."""

    def __init__(self, platform: Any) -> None:
        super().__init__(platform)
        self._pool = ThreadPoolExecutor(1)

    def _log_in(self) -> str:
        return str(self._pool.submit(super()._log_in).result())

    def close(self) -> None:
        self._pool.shutdown()
        super().close()


@pytest.mark.parametrize("factory", [OneWorker, TwoStages, LogsInElsewhere])
def test_a_right_client_is_told_of_nothing(factory: Callable[[Any], Any]) -> None:
    assert set(judged(factory).values()) <= {Status.HELD, Status.NOT_EXERCISED}
