"""On one core, and off it again."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from contracts.clients.core import on_one_core
from contracts.clients.process import ProcessClients
from contracts.clients.python import PythonClients
from contracts.scenario import Scenario, Send
from contracts.world import World
from mockserver.journal import Guest
from tests.contracts.small import Small

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there can a thread be kept on a core like this")


@pytest.fixture
def cores() -> set[int]:
    """Those this thread may use."""
    return os.sched_getaffinity(0)


def seen_by_a_thread() -> set[int]:
    seen = list[set[int]]()
    thread = threading.Thread(target=lambda: seen.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    return seen[0]


def test_threads_stay_with_who_starts_them(cores: set[int]) -> None:
    with on_one_core():
        here = os.sched_getaffinity(0)
        assert len(here) == 1
        assert here <= cores
        assert seen_by_a_thread() == here
    assert os.sched_getaffinity(0) == seen_by_a_thread() == cores


def test_an_error_leaves_nobody_behind(cores: set[int]) -> None:
    with pytest.raises(ZeroDivisionError), on_one_core():
        raise ZeroDivisionError
    assert os.sched_getaffinity(0) == cores


def test_where_the_system_refuses_all_goes_on(monkeypatch: pytest.MonkeyPatch, cores: set[int]) -> None:
    def refuse(pid: int, mask: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    with on_one_core():
        assert os.sched_getaffinity(0) == cores


def test_where_nobody_knows_the_core_all_goes_on(monkeypatch: pytest.MonkeyPatch, cores: set[int]) -> None:
    monkeypatch.setattr("contracts.clients.core._current", None)
    with on_one_core():
        assert os.sched_getaffinity(0) == cores


def test_clients_in_this_process_are_kept_on_one(cores: set[int]) -> None:
    seen = list[set[int]]()

    class Looking(Small):
        def send(self, guest: Guest, text: str) -> None:
            seen.append(os.sched_getaffinity(0))
            super().send(guest, text)

    with World(PythonClients(Looking)) as world:
        world.run(Scenario((Send(Guest("Ann", "ann@example.com"), "hello"),)))
    assert [len(allowed) for allowed in seen] == [1]
    assert os.sched_getaffinity(0) == cores


def test_clients_of_their_own_are_not(cores: set[int]) -> None:
    with ProcessClients("client").scenario():
        assert os.sched_getaffinity(0) == cores
