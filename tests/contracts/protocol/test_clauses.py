"""Each clause against clients: a right one is acquitted of everything, a culprit is accused of its one mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from contracts.clients.python import PythonClients
from contracts.judge import Status
from contracts.protocol.rules import RULES
from contracts.report.model import Report
from contracts.verify.declared import PlatformSource
from mockserver.platform import Platform
from tests.contracts.protocol import clients
from tests.contracts.protocol.clients import Client
from tests.fixtures.toys import declared, toy


class Toy(NamedTuple):
    """A platform: its kinds, the order of its guards, and its unit of work."""

    kinds: str
    order: str
    effects: str
    unit: str

    def compiled(self, policy: Mapping[str, Any]) -> Platform:
        return toy(self.kinds, order=self.order, effects=self.effects, policy=policy)

    def text(self) -> str:
        return declared(self.kinds, self.order, "", self.effects)

    def verified(self, client: type[Any]) -> Report:
        made = PythonClients(client, methods={self.unit: f"{self.unit}()"})
        return PlatformSource("toy", self.compiled).verify(client.__name__, made)


SESSIONS = Toy(clients.SESSIONS, "[session]", clients.MESSAGE, "message")
TOKENS = Toy(clients.TOKENS, "[token]", clients.JOB, "job")
ROTATION = Toy(clients.ROTATION, "[refresh]", clients.TURN, "turn")
NONCES = Toy(clients.NONCES, "[nonce]", clients.ORDER, "order")

CULPRITS: list[tuple[Toy, type[Client], str, set[str]]] = [
    # the platform, the culprit, the clause it breaks, and the clauses explained by that
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
    assert {result.code: result.words for result in report.violated} == {}
    assert report.exit_status() == 0
    idle = {result.code for result in report.with_status(Status.NOT_EXERCISED)}
    assert idle == ({"D2/message"} if client is clients.Stocks else set())  # all of its stock has died, and not one


@pytest.mark.parametrize(
    ("toy", "client", "code", "follows"), CULPRITS, ids=[f"{row[1].__name__}-{row[2]}" for row in CULPRITS]
)
def test_a_client_that_makes_a_mistake_is_accused_of_just_that(
    toy: Toy, client: type[Client], code: str, follows: set[str]
) -> None:
    report = toy.verified(client)
    assert {result.code for result in report.violated} == {code}
    assert {result.code for result in report.with_status(Status.INCONCLUSIVE)} <= follows
    (found,) = (result.counterexample for result in report.violated)
    assert found is not None
    assert (found.minimal, found.deterministic) == (True, True)
    assert found.line is None or found.line[0] == clients.__file__
    assert (found.line is None) == (not found.evidence), "the request has a line"


def test_each_clause_has_its_culprit() -> None:
    assert {code.partition("/")[0] for _, _, code, _ in CULPRITS} == {rule.code for rule in RULES}
