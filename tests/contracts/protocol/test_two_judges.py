"""The web chat's clients before the judge of declared platforms: it says the same as the web chat's own, as far as it can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.verify import Options
from contracts.verify.declared import PlatformSource
from mockserver.journal import Guest
from mockserver.platform import compile_platform
from mockserver.platform import find as find_platform

UNITS = """
x-effects:
  send:
    by: sendMessage
    delivery: at-most-once
    with: {guest: {name: Ann, email: ann@example.com}, text: 'Grüße & <b>'}
    keeps: {text: $request.body#/text}
    survives: true
"""

ALIASES = {
    "S1": {"S1/session"},
    "S4": {"S4/session", "S4/token", "S4/client"},
    "R1": {"R1/session", "R2/session"},
    "R2": {"R2/session", "D2/send"},
    "R4": {"R4"},
    "R5": {"R5"},
    "A1": {"R1/token", "R2/token"},
    "A2": {"A2/token"},
    "A3": {"A3/token"},
    "A4": {"A4/token", "A3/token"},
    "A5": {"A5/token"},
    "D1": {"D1/send"},
    "D2": {"D2/send"},
    "D3": {"D3/send"},
    "D4": {"D4/send"},
}
"""The parametric clauses that say what a clause of the web chat says of its sessions, its tokens and its messages.

S1, S4, R1, R4, R5, A2, A4, D1, D3 and D4 are the same functions for both. The others ask for something similar.

A client that fetches a token for each message also fetches several at once, for which A3 of the web chat has an excuse.
"""

CULPRITS = [
    ("sessions:KeptForTheGuest", "S1"),
    ("sessions:SendsTwiceAtOnce", "S1"),
    ("sessions:ChoosesTheId", "S4"),
    ("retries:ThinksItCameTooEarly", "R1"),
    ("retries:GivesUpAtADeadSession", "R2"),
    ("retries:KnowsWhenToComeBack", "R5"),
    ("tokens:OneStrikeIsNone", "A1"),
    ("tokens:LogsInUntilItWorks", "A2"),
    ("tokens:NoLock", "A3"),
    ("tokens:TokenPerMessage", "A4"),
    ("delivery:BetterTwiceThanNever", "D1"),
    ("delivery:LogsAndGoesOn", "D3"),
    ("delivery:EscapesForTheWeb", "D4"),
]
"""Culprits of the gallery, and the clause that each breaks."""

OTHERS = [
    "culprits_sessions:WaitsWithTheSession",
    "culprits_sessions:LooksWhetherItWorks",
    "culprits_retries:BackOffOfZero",
    "recovering:factory",
    "recovering_async:factory",
    "thread_pool:factory",
    "with_tenacity:factory",
]
"""Right clients, and those whose one mistake is against a clause that only the web chat has."""


class Adapted:
    """A client of the web chat with the unit of work that the declaration asks for."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, guest: dict[str, str], text: str) -> Any:
        return self._client.send(Guest(**guest), text)

    def close(self) -> Any:
        return getattr(self._client, "close", lambda: None)()


@pytest.fixture(scope="module")
def web_chat(tmp_path_factory: pytest.TempPathFactory) -> PlatformSource:
    path: Path = tmp_path_factory.mktemp("platforms") / "webchat.yaml"
    path.write_text(find_platform("webchat").read_text("utf-8") + UNITS, "utf-8")
    return PlatformSource("webchat", lambda policy: compile_platform(path, policy))


def broken(declared: PlatformSource, name: str) -> set[str]:
    factory: Callable[[Any], Any] = find("fixtures/clients/" + name.replace(":", ".py:"))
    clients = PythonClients(lambda access: Adapted(factory(access)), methods=declared.methods)
    return {result.code for result in declared.verify(name, clients, Options(seed=0, examples=90)).violated}


@pytest.mark.parametrize(("name", "clause"), CULPRITS)
def test_both_judges_find_the_same_mistake(name: str, clause: str, web_chat: PlatformSource) -> None:
    found = broken(web_chat, f"culprits_{name}")
    assert found
    assert found <= ALIASES[clause]


@pytest.mark.parametrize("name", OTHERS)
def test_neither_judge_accuses_without_a_clause(name: str, web_chat: PlatformSource) -> None:
    assert broken(web_chat, name) == set()
