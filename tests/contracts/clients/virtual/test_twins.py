"""A client in Ruby gets the same verdicts as its twin in Python, whatever is drawn."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.clauses import judged
from contracts.clients.base import Clients
from contracts.clients.command import command_clients
from contracts.clients.python import PythonClients
from contracts.generate import Limits, built_in, walk
from contracts.runner import Runner
from contracts.scenario import Scenario, SendParallel
from contracts.verify.sampling import draw
from fixtures.clients.cached_session import CachedSession
from tests.need import need

pytestmark = pytest.mark.slow

DRAWN = 40
PATIENCE = 60
"""Seconds that Net::HTTP waits for an answer. httpx gives up after 5, so it sees fewer of the late ones."""


def patient(platform: Any) -> CachedSession:
    return CachedSession(platform.http_client(timeout=PATIENCE), platform.client_id, platform.client_secret)


def scenarios(seed: int) -> list[Scenario]:
    """Scenarios with one message at a time: how requests of several are mixed depends on the runtime."""
    found = [*built_in(), *(step.scenario for step in walk(extent="short"))]

    def take(scenario: Scenario) -> Any:
        found.append(scenario)
        return dict

    draw(take, Limits(), DRAWN, seed)
    return [one for one in found if not any(isinstance(item, SendParallel) for item in one.items)]


def verdicts(clients: Clients, scenarios: list[Scenario]) -> list[dict[str, tuple[str, str | None]]]:
    with Runner(clients) as world:
        judgements = [judged(world.run(one).trace) for one in scenarios]
    return [{one.code: (one.status, one.explained_by) for one in judgement.verdicts} for judgement in judgements]


def test_the_same_mistakes_in_ruby_and_in_python_get_the_same_verdicts() -> None:
    need("ruby")
    drawn = scenarios(17)
    found = verdicts(command_clients("ruby fixtures/clients/cached_session.rb"), drawn)
    assert found == verdicts(PythonClients(patient), drawn)
    assert {verdict["S2"][0] for verdict in found} >= {"held", "violated"}
