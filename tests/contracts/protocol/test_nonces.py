"""The judge on traces of ACME: what may follow a refused nonce."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping

import pytest

from contracts.protocol.judge import judge
from contracts.protocol.rules import demands
from contracts.protocol.trace import DeclaredTrace, TraceExchange, UnitRun
from mockserver.platform import compile_platform, find

ACME = compile_platform(find("acme"), {}, "acme")
REFUSAL = json.dumps({"type": "urn:ietf:params:acme:error:badNonce"}).encode()
START = 1_795_348_800_000


class Tape:
    """A trace being written: requests one after the other, each answered before the next one leaves."""

    def __init__(self, *, sharp: bool = True) -> None:
        self.trace, self._place, self._at = DeclaredTrace(exchanges=[], sharp=sharp), 0.0, START

    def _next(self) -> float:
        self._place += 1
        return self._place

    def unit(self) -> None:
        """Begin a unit of work, and end the one before."""
        self.end()
        number = len(self.trace.units) + 1
        self.trace.units.append(UnitRun(number=number, name="issue", payload={}, began=self._next()))

    def end(self) -> None:
        """End the unit of work."""
        if self.trace.units:
            self.trace.units[-1].ended, self.trace.units[-1].outcome = self._next(), "accepted"

    def ask(self, path: str, shows: str = "", brings: str = "", *, refused: bool = False, method: str = "POST") -> None:
        protected = urlsafe_b64encode(json.dumps({"nonce": shows}).encode()).decode().rstrip("=")
        self.trace.exchanges.append(
            TraceExchange(
                number=len(self.trace.exchanges) + 1,
                method=method,
                path=path,
                query="",
                headers=[],
                body=json.dumps({"protected": protected}).encode() if shows else b"",
                left=self._next(),
                left_at=self._at,
                returned=self._next(),
                returned_at=self._at,
                status=400 if refused else 200,
                answer_headers=[("Replay-Nonce", brings)] if brings else [],
                answer_body=REFUSAL if refused else b"{}",
                accepted=not refused,
            )
        )

    def wait(self, milliseconds: int) -> None:
        self._at += milliseconds

    def statuses(self) -> Mapping[str, str]:
        """End, and return the status of each clause."""
        self.end()
        return {verdict.code: verdict.status for verdict in judge(ACME, self.trace).verdicts}


def begun(*, sharp: bool = True) -> Tape:
    """A unit whose order was refused for its nonce; the refusal brings another."""
    tape = Tape(sharp=sharp)
    tape.unit()
    tape.ask("/nonce", brings="nonce-1", method="HEAD")
    tape.ask("/order", "nonce-1", "nonce-2", refused=True)
    return tape


def test_who_goes_on_with_the_nonce_of_the_refusal_is_right() -> None:
    tape = begun()
    tape.ask("/order", "nonce-2", "nonce-3")
    assert tape.statuses()["N1/nonce"] == "held"


def test_who_throws_it_away_breaks_n1() -> None:
    tape = begun()
    tape.ask("/nonce", brings="nonce-3", method="HEAD")
    tape.ask("/order", "nonce-3", "nonce-4")
    assert tape.statuses()["N1/nonce"] == "violated"


def test_what_is_fetched_before_the_call_is_made_again_does_not_matter() -> None:
    tape = begun()
    tape.ask("/dir", brings="nonce-3", method="GET")
    tape.ask("/nonce", brings="nonce-4", method="HEAD")
    tape.ask("/order", "nonce-2", "nonce-5")
    assert tape.statuses()["N1/nonce"] == "held"


def test_another_call_is_not_the_refused_one_made_again() -> None:
    tape = begun()
    tape.ask("/nonce", brings="nonce-3", method="HEAD")
    tape.ask("/order/1", "nonce-3", "nonce-4")
    assert tape.statuses()["N1/nonce"] == "not_exercised"


def test_a_later_unit_of_work_is_free_to_take_another_nonce() -> None:
    tape = begun()
    tape.unit()
    tape.ask("/nonce", brings="nonce-3", method="HEAD")
    tape.ask("/order", "nonce-3", "nonce-4")
    assert tape.statuses()["N1/nonce"] == "not_exercised"


def test_a_nonce_that_was_refused_or_used_is_not_shown_again() -> None:
    tape = begun()
    tape.ask("/order", "nonce-1", "nonce-3", refused=True)
    assert tape.statuses()["R1/nonce"] == "violated"
    tape = begun()
    tape.ask("/order", "nonce-2", "nonce-3")
    tape.ask("/order", "nonce-2", "nonce-4", refused=True)
    assert tape.statuses()["S1/nonce"] == "violated"


def test_by_a_clock_another_call_may_have_left_before_the_refusal_was_there() -> None:
    tape = begun(sharp=False)
    tape.ask("/order/1", "nonce-1", "nonce-3", refused=True)
    assert tape.statuses()["R1/nonce"] == "not_exercised"
    tape = begun(sharp=False)
    tape.wait(250)
    tape.ask("/order/1", "nonce-1", "nonce-3", refused=True)
    assert tape.statuses()["R1/nonce"] == "violated"


def test_by_a_clock_the_same_call_made_again_follows_its_answer() -> None:
    tape = begun(sharp=False)
    tape.ask("/order", "nonce-3", "nonce-4")
    assert tape.statuses()["N1/nonce"] == "violated"


def test_a_clause_that_the_specification_does_not_have_quotes_nothing() -> None:
    mcp = compile_platform(find("mcp"), {}, "mcp")
    verdicts = {verdict.code: verdict for verdict in demands(mcp)}
    assert (verdicts["R2/session"].level, verdicts["A2/session"].level) == ("MUST", "")
    assert verdicts["A2/session"].source == ""


def at(number: int, path: str, left: float, *, shows: str = "", brings: str = "", refused: bool = False) -> TraceExchange:
    tape = Tape()
    tape.ask(path, shows, brings, refused=refused)
    (exchange,) = tape.trace.exchanges
    exchange.number, exchange.left, exchange.returned = number, left, left + 1
    return exchange


@pytest.mark.parametrize(("went_on", "status"), [(3.5, "violated"), (5.0, "not_exercised")])
def test_a_unit_that_begins_before_a_refusal_was_noticed_knows_nothing_of_it(went_on: float, status: str) -> None:
    units = [
        UnitRun(number=1, name="issue", payload={}, began=1, ended=9, outcome="failed", alone=False),
        UnitRun(number=2, name="issue", payload={}, began=4, ended=20, outcome="failed", alone=False),
    ]
    exchanges = [
        at(1, "/dir", 0, brings="nonce-1"),
        at(2, "/order", 2, shows="nonce-1", brings="nonce-2", refused=True),
        at(3, "/dir", went_on),
        at(4, "/order/1", 10, shows="nonce-1", refused=True),
    ]
    verdicts = {one.code: one.status for one in judge(ACME, DeclaredTrace(exchanges=exchanges, units=units)).verdicts}
    assert verdicts["R1/nonce"] == status


def test_a_call_that_may_have_crossed_the_refusal_leaves_open_which_one_was_made_again() -> None:
    tape = begun(sharp=False)
    tape.trace.crossing = True
    tape.ask("/order", "nonce-2", "nonce-3")
    tape.wait(1000)
    tape.ask("/order", "nonce-3", "nonce-4")
    assert tape.statuses()["N1/nonce"] == "not_exercised"
