"""On one core, and off it again."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from contracts.clients.core import on_one_core
from contracts.clients.python import PythonClients
from contracts.runner import Runner
from contracts.scenario import Scenario, Send
from mockserver.journal import Guest
from tests.contracts.small import Small

T = TypeVar("T")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there can a thread be kept on a core like this")


@pytest.fixture
def cores() -> set[int]:
    """Those this thread may use."""
    return os.sched_getaffinity(0)


def seen_by_a_thread() -> set[int]:
    return in_a_thread(lambda: os.sched_getaffinity(0))


def in_a_thread(ask: Callable[[], T]) -> T:
    said = list[T]()
    thread = threading.Thread(target=lambda: said.append(ask()))
    thread.start()
    thread.join()
    return said[0]


def conduct(body: Callable[[], None]) -> None:
    """In another thread, whose errors are this one's."""

    def conducted() -> BaseException | None:
        try:
            body()
        except BaseException as error:
            return error
        return None

    if (error := in_a_thread(conducted)) is not None:
        raise error


def test_who_conducts_who_waits_and_who_is_started_are_on_one(cores: set[int]) -> None:
    waiting, seen = threading.get_native_id(), list[set[int]]()
    on_one_core(conduct, lambda: seen.extend([os.sched_getaffinity(0), os.sched_getaffinity(waiting), seen_by_a_thread()]))
    assert [len(allowed) for allowed in seen] == [1, 1, 1]
    assert seen[0] == seen[1] == seen[2] <= cores
    assert os.sched_getaffinity(0) == seen_by_a_thread() == cores


def test_an_error_leaves_nobody_behind(cores: set[int]) -> None:
    with pytest.raises(ZeroDivisionError):
        on_one_core(conduct, lambda: print(1 // 0))
    assert os.sched_getaffinity(0) == cores


def test_who_gives_up_waiting_is_free_at_once(cores: set[int]) -> None:
    there, end, threads = threading.Event(), threading.Event(), list[threading.Thread]()

    def give_up(body: Callable[[], None]) -> None:
        threads.append(threading.Thread(target=body))
        threads[0].start()
        there.wait()
        assert len(os.sched_getaffinity(0)) == 1
        raise KeyboardInterrupt

    def stuck() -> None:
        there.set()
        end.wait()

    with pytest.raises(KeyboardInterrupt):
        on_one_core(give_up, stuck)
    assert os.sched_getaffinity(0) == cores
    end.set()
    threads[0].join()
    assert os.sched_getaffinity(0) == cores


@pytest.mark.parametrize("call", ["sched_setaffinity", "sched_getaffinity"])
def test_where_the_system_refuses_all_goes_on(call: str, monkeypatch: pytest.MonkeyPatch, cores: set[int]) -> None:
    def refuse(*_: object) -> set[int]:
        raise PermissionError

    done = list[str]()
    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        on_one_core(conduct, lambda: done.append("done"))
    assert done == ["done"]
    assert os.sched_getaffinity(0) == cores


def test_where_nobody_knows_the_core_all_goes_on(monkeypatch: pytest.MonkeyPatch, cores: set[int]) -> None:
    monkeypatch.setattr("contracts.clients.core._current", None)
    seen = list[set[int]]()
    on_one_core(conduct, lambda: seen.append(os.sched_getaffinity(0)))
    assert seen == [cores]


def test_what_a_client_sends_is_sent_from_one(cores: set[int]) -> None:
    made, sent = list[set[int]](), list[set[int]]()

    class Looking(Small):
        def __init__(self, platform: Any) -> None:
            made.append(os.sched_getaffinity(0))
            super().__init__(platform)

        def send(self, guest: Guest, text: str) -> None:
            sent.append(os.sched_getaffinity(0))
            super().send(guest, text)

    with Runner(PythonClients(Looking)) as world:
        world.run(Scenario((Send(Guest("Ann", "ann@example.com"), "hello"),)))
    assert made == [cores]
    assert [len(allowed) for allowed in sent] == [1]
    assert os.sched_getaffinity(0) == cores
