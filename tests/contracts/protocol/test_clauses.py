"""Each clause against clients: one that does all right is acquitted of all, and one that makes a mistake of just that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from contracts.clients.python import PythonClients
from contracts.protocol.verify import Report, verify
from mockserver.platform import Platform
from tests.contracts.protocol import clients
from tests.contracts.protocol.clients import Client
from tests.fixtures.toys import toy


class Toy(NamedTuple):
    """A platform: its kinds, the order of its guards, and its unit of work."""

    kinds: str
    order: str
    effects: str
    unit: str

    def compiled(self, policy: Mapping[str, Any]) -> Platform:
        return toy(self.kinds, order=self.order, effects=self.effects, policy=policy)

    def verified(self, client: type[Any]) -> Report:
        made = PythonClients(client, methods={self.unit: f"{self.unit}()"})
        return verify(client.__name__, made, self.compiled)


SESSIONS = Toy(clients.SESSIONS, "[session]", clients.MESSAGE, "message")
TOKENS = Toy(clients.TOKENS, "[token]", clients.JOB, "job")
ROTATION = Toy(clients.ROTATION, "[refresh]", clients.TURN, "turn")
NONCES = Toy(clients.NONCES, "[nonce]", clients.ORDER, "order")

CULPRITS: list[tuple[Toy, type[Client], str, set[str]]] = [
    # who breaks which clause, and what follows from that
    (SESSIONS, clients.Reuses, "S1/session", {"R1/session", "R2/session"}),
    (SESSIONS, clients.Invents, "S4/session", set()),
    (SESSIONS, clients.Insists, "R1/session", set()),
    (SESSIONS, clients.GoesOnWithout, "R2/session", {"D2/message"}),
    (SESSIONS, clients.NeverGivesUp, "A2/session", set()),
    (SESSIONS, clients.TriesForEver, "R4", set()),
    (SESSIONS, clients.CannotWait, "R5", set()),
    (SESSIONS, clients.SendsTwice, "D1/message", set()),
    (SESSIONS, clients.GivesUp, "D2/message", set()),
    (SESSIONS, clients.SaysDone, "D3/message", set()),
    (SESSIONS, clients.SaysFailed, "D3/message", set()),
    (SESSIONS, clients.Trims, "D4/message", set()),
    (TOKENS, clients.Stampedes, "A3/token", set()),
    (TOKENS, clients.Wastes, "A4/token", set()),
    (TOKENS, clients.Leaks, "A5/token", set()),
    (ROTATION, clients.KeepsTheOld, "N2/refresh", {"R1/refresh", "R2/refresh"}),
    (NONCES, clients.Refetches, "N1/nonce", set()),
]


RIGHT: list[tuple[Toy, type[Any]]] = [
    (SESSIONS, clients.Sessions),
    (SESSIONS, clients.Stocks),
    (TOKENS, clients.Tokens),
    (TOKENS, clients.AsynchronousTokens),
    (ROTATION, clients.Rotates),
    (NONCES, clients.Nonces),
]
"""Clients that do all right, alone and with several units at once."""


@pytest.mark.parametrize(("toy", "client"), RIGHT, ids=[client.__name__ for _, client in RIGHT])
def test_a_client_that_does_all_right_is_acquitted_of_all(toy: Toy, client: type[Any]) -> None:
    report = toy.verified(client)
    assert {finding.verdict.code: finding.verdict.message for finding in report.violated} == {}
    assert report.exit_status == 0
    idle = {finding.verdict.code for finding in report.findings if finding.verdict.status == "not exercised"}
    assert idle == ({"D2/message"} if client is clients.Stocks else set())  # all of its stock has died, and not one


@pytest.mark.parametrize(
    ("toy", "client", "code", "follows"), CULPRITS, ids=[f"{row[1].__name__}-{row[2]}" for row in CULPRITS]
)
def test_a_client_that_makes_a_mistake_is_accused_of_just_that(
    toy: Toy, client: type[Client], code: str, follows: set[str]
) -> None:
    report = toy.verified(client)
    assert {finding.verdict.code for finding in report.violated} == {code}
    assert {one.verdict.code for one in report.findings if one.verdict.status == "explained"} <= follows


def test_each_clause_has_its_culprit() -> None:
    from contracts.protocol.clauses import CALL_CLAUSES, CLAUSES
    from contracts.protocol.units import UNIT_CLAUSES

    codes = {one.code for one in CLAUSES} | {one.code for one in CALL_CLAUSES} | {one.code for one in UNIT_CLAUSES}
    assert {code.partition("/")[0] for _, _, code, _ in CULPRITS} == codes
