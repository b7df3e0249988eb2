"""The simulation waits for processes that have been started to say hello, but not for ever."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.clients.virtual import newcomers
from contracts.clients.virtual.newcomers import Newcomers

PARENT: Any = SimpleNamespace(pid=1)
CHILD: Any = SimpleNamespace(pid=2)


def lateness(monkeypatch: pytest.MonkeyPatch, work: Mapping[int, list[float]], state: str = "S") -> list[bool]:
    """Return whether children are late after 1, 2, 3 … seconds, as long as their work is listed. Four seconds are too long."""
    seconds = -1

    def measured(_: int) -> list[int]:
        nonlocal seconds
        seconds += 1
        return [child for child in work if work[child][seconds] >= 0]

    monkeypatch.setattr(newcomers, "_monotonic", lambda: seconds + 1.0)
    monkeypatch.setattr(newcomers, "children_of", measured)
    monkeypatch.setattr(newcomers, "work_of", lambda child: work[child][seconds])
    monkeypatch.setattr(newcomers, "state_of", lambda _: state)
    waited = Newcomers([PARENT], 4.0)
    return [waited.are_late() for _ in work[2][1:]]


def test_one_that_does_nothing_is_late_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lateness(monkeypatch, {2: [0.5, 0.5]}) == [True]


def test_one_that_is_at_work_is_waited_for_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lateness(monkeypatch, {2: [0, 0.1, 0.2, 0.2]}) == [False, False, True]
    assert lateness(monkeypatch, {2: [0, 1, 2, 3, 4, 5]}) == [False, False, False, False, True]


@pytest.mark.parametrize("state", ["R", "Z"])
def test_one_that_waits_for_a_processor_or_for_its_parent_is_not_late(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    assert lateness(monkeypatch, {2: [0.5, 0.5]}, state) == [False]


def test_another_that_was_started_meanwhile_has_its_own_second(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lateness(monkeypatch, {2: [0.5, 0.5, 0.5], 3: [-1, 0, 0]}) == [False, True]


def test_members_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newcomers, "GRACE", 0)
    monkeypatch.setattr(newcomers, "children_of", lambda process: [2] if process == 1 else [])
    assert Newcomers([PARENT, CHILD], 4.0).are_late()
