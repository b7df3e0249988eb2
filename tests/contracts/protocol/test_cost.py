"""The cost of judging a recording: it must not grow with the square of the number of requests."""

from __future__ import annotations

import pstats
from collections.abc import Callable
from cProfile import Profile
from itertools import pairwise
from typing import Any

import pytest

from contracts.protocol import clauses
from contracts.protocol.clauses import Marks
from contracts.protocol.history import DeclaredHistory, history_of
from mockserver.platform import Platform
from mockserver.platform.model import Kind
from tests.contracts.protocol import clients
from tests.contracts.protocol.tape import Tape
from tests.fixtures.toys import NOON, toy

TOKENS = toy(clients.TOKENS, effects=clients.JOB)
ROTATION = toy(clients.ROTATION, order="[refresh]", effects=clients.TURN)


def clings(tape: Tape, nth: int) -> None:
    """Ask for the next refresh token with the first one, and get no answer half of the time."""
    status = 200 if nth % 2 else None
    tape.call("/refresh", nth, nth + 3, status=status, body={"refresh": "token-0"}, answer={"refresh": f"token-{nth}"})


def renews(tape: Tape, nth: int) -> None:
    """Ask for another token once one is refused."""
    if nth % 2:
        tape.log_in(nth, nth + 0.5, f"token-{nth}")
    else:
        tape.refused(nth, nth + 0.5, f"token-{nth - 1}")


def insists(tape: Tape, nth: int) -> None:
    """Show the refused token again."""
    tape.refused(nth, nth + 1.5, "token-0")


def changes(tape: Tape, nth: int) -> None:
    """Show another token each time, and ask for none."""
    tape.refused(nth, nth + 1.5, f"token-{nth}")


FROZEN: dict[str, Any] = {"at": NOON, "back_at": NOON}
"""The times of a call while the clock stands."""


def is_refused(tape: Tape, nth: int) -> None:
    """Show another token each time while the clock stands, and two at once."""
    tape.refused(nth, nth + 1.5, f"token-{nth}", **FROZEN)


def asks_in_vain(tape: Tape, nth: int) -> None:
    """Show the refused token again while the clock stands, and ask for another one in vain."""
    if nth % 2:
        tape.call("/login", nth, nth + 0.5, status=503, **FROZEN)
    else:
        tape.refused(nth, nth + 0.5, "token-0", **FROZEN)


def hurries(tape: Tape, nth: int) -> None:
    """Ask for a token before the answer to the last request for one is there."""
    tape.log_in(nth, nth + 1.5, f"token-{nth}")


@pytest.mark.parametrize(
    ("platform", "kind", "judge", "client"),
    [
        (ROTATION, "refresh", clauses.predecessor, clings),
        (TOKENS, "token", clauses.not_renewed, renews),
        (TOKENS, "token", clauses.stampede, hurries),
        (TOKENS, "token", clauses.leaked, renews),
        (TOKENS, "token", clauses.not_renewed, insists),
        (TOKENS, "token", clauses.not_renewed, changes),
        (TOKENS, "token", clauses.not_renewed, is_refused),
        (TOKENS, "token", clauses.not_renewed, asks_in_vain),
    ],
)
def test_a_recording_of_twice_the_length_takes_about_twice_the_calls(
    platform: Platform, kind: str, judge: Callable[[Kind, DeclaredHistory], Marks], client: Callable[[Tape, int], None]
) -> None:
    counts = [calls(platform, kind, judge, client, requests) for requests in (200, 400, 800)]
    assert all(twice < 2.5 * once for once, twice in pairwise(counts)), counts


def calls(
    platform: Platform,
    kind: str,
    judge: Callable[[Kind, DeclaredHistory], Marks],
    client: Callable[[Tape, int], None],
    requests: int,
) -> int:
    """Return how many functions are called to judge so many requests of a client."""
    tape = Tape(platform, sharp=False)
    for nth in range(requests):
        client(tape, nth)
    history, profile = history_of(platform, tape.trace), Profile()
    marks = profile.runcall(lambda: list(judge(platform.kinds[kind], history)))
    assert marks or client is is_refused
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]
