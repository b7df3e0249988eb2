"""Traces written by hand: calls and units with their places in the order of events."""

from __future__ import annotations

import json
from typing import Any

from contracts.history import Outcome
from contracts.protocol.judge import judge
from contracts.protocol.trace import FOREVER, DeclaredTrace, TraceExchange, UnitRun
from mockserver.platform import Platform
from tests.fixtures.toys import NOON

SECOND = 1000


class Tape:
    """A trace of a toy. One place in the order of events is one second, unless a call says otherwise."""

    def __init__(self, platform: Platform, *, sharp: bool = True) -> None:
        self._platform = platform
        self.trace = DeclaredTrace(exchanges=[], sharp=sharp)

    def unit(self, began: float, ended: float, *, name: str = "job", outcome: Outcome = "accepted", **more: Any) -> None:
        """A unit of work; only if it was `alone` it is asked what became of it."""
        number = len(self.trace.units) + 1
        alone = more.pop("alone", False)
        payload = more.pop("payload", {})
        self.trace.units.append(
            UnitRun(number=number, name=name, payload=payload, began=began, ended=ended, outcome=outcome, alone=alone, **more)
        )

    def call(
        self,
        path: str,
        left: float,
        returned: float = FOREVER,
        *,
        status: int | None = 200,
        bearer: str | None = None,
        body: Any = None,
        answer: Any = None,
        headers: dict[str, str] | None = None,
        answer_headers: dict[str, str] | None = None,
        method: str = "POST",
        **more: Any,
    ) -> None:
        shown = [*(headers or {}).items(), *([("Authorization", f"Bearer {bearer}")] if bearer else [])]
        back = returned if returned < FOREVER else left
        exchange = TraceExchange(
            number=len(self.trace.exchanges) + 1,
            method=method,
            path=path.partition("?")[0],
            query=path.partition("?")[2],
            headers=shown,
            body=b"" if body is None else json.dumps(body).encode(),
            left=left,
            left_at=more.pop("at", NOON + round(SECOND * left)),
            returned=returned,
            returned_at=more.pop("back_at", NOON + round(SECOND * back)),
            status=status,
            answer_headers=list((answer_headers or {}).items()),
            answer_body=b"" if answer is None else json.dumps(answer).encode(),
            accepted=more.pop("accepted", status == 200),
            **more,
        )
        self.trace.exchanges.append(exchange)

    def log_in(self, left: float, returned: float, token: str, lasts: float = 3600) -> None:
        self.call("/login", left, returned, answer={"token": token, "session": token, "refresh": token, "lasts": lasts})

    def refused(self, left: float, returned: float, token: str, **more: Any) -> None:
        self.call("/work", left, returned, status=401, bearer=token, answer={"code": "bad"}, **more)

    def verdicts(self) -> dict[str, str]:
        return {verdict.code: verdict.status for verdict in judge(self._platform, self.trace).verdicts}

    @property
    def broken(self) -> set[str]:
        """The clauses that were broken, those that follow from others left out."""
        return {verdict.code for verdict in judge(self._platform, self.trace).violated}
