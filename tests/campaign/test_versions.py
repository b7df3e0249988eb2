"""The search for the version in which a client began to break a clause, or to keep it."""

from __future__ import annotations

import pytest

from tests.campaign import versions
from tests.campaign.running import Clause, Result
from tests.campaign.versions import Since, State

STATES: dict[str, State] = {"b": "broken", "h": "held", "n": "not runnable"}


def found(states: str) -> Since | None:
    """Search versions 0, 1, …, whose states are the letters."""
    return versions.search("a", "S1/x", [str(one) for one in range(len(states))], lambda one: STATES[states[int(one)]])


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ("hhhbb", "introduced in 3; 2 keeps it"),
        ("hb", "introduced in 1; 0 keeps it"),
        ("hhhhhhhhb", "introduced in 8; 7 keeps it"),
        ("bbbbb", "ever since 0"),
        ("b", "ever since 0"),
        ("nnnbbb", "ever since 3, the first that runs"),
        ("nnhhbb", "introduced in 4; 3 keeps it"),
        ("hhnnbb", "ever since 4, the first that runs"),
        ("hhhnbb", "introduced in 4; 2 keeps it"),
        ("bbbhh", "mended in 3; 2 breaks it"),
    ],
)
def test_the_beginning_of_the_last_state_is_found(states: str, told: str) -> None:
    since = found(states)
    assert since is not None
    assert since.told() == told
    assert all(STATES[states[int(version)]] == state for version, state in since.tried.items())


def test_a_version_of_today_that_does_not_run_tells_nothing() -> None:
    assert found("hbn") is None


def test_few_versions_are_run() -> None:
    since = found("h" * 700 + "b" * 300)
    assert since is not None
    assert since.version == "700"
    assert len(since.tried) <= 12


def test_a_clause_that_was_not_put_to_the_test_says_nothing_about_a_version() -> None:
    clauses = [
        Clause("S1/x", "n", "s", "", "", held=1),
        Clause("R1/x", "n", "s", "", "", violated=1),
        Clause("A2/x", "n", "s", "", ""),
    ]
    result = Result("a", 1, 3, 0.1, 0, clauses)
    states = [versions.state_of(result, code) for code in ("S1/x", "R1/x", "A2/x", "N9/x")]
    assert states == ["held", "broken", "not runnable", "not runnable"]
    assert versions.state_of(None, "S1/x") == "not runnable"
