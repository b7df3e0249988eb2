"""Clients that the built-in scenarios catch without any luck: each is wrong in one place, in a way seen in real code."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.verify import Options, verify
from mockserver.journal import Guest

Notifier: Any = find(f"{Path(__file__).parents[2]}/fixtures/clients/recovering.py:Notifier")
right: Any = sys.modules[Notifier.__module__]

Factory = Callable[[Any], Any]


def made(kind: Any, sleep: Callable[[Any, float], None] = lambda platform, seconds: platform.sleep(seconds)) -> Factory:
    """A factory of clients of a kind, which sleep in such a way."""
    return lambda platform: kind(
        platform.http_client(), platform.client_id, platform.client_secret, lambda seconds: sleep(platform, seconds)
    )


def passing_on(guest: Callable[[Guest], Guest] = lambda guest: guest, text: Callable[[str], str] = str) -> Factory:
    """Clients that change what they are given, before all else is right."""

    class Changing(Notifier):  # type: ignore[misc]
        def send(self, given: Guest, words: str) -> None:
            super().send(guest(given), text(words))

    return made(Changing)


class SendsAgain(Notifier):  # type: ignore[misc]
    """Takes a server error for a proof that nothing was accepted."""

    def _send_in_fresh_session(self, guest: Any, text: str) -> None:
        try:
            super()._send_in_fresh_session(guest, text)
        except right.OutcomeUnknown as unknown:
            raise right.TryAgain(str(unknown)) from unknown


class TakesEvery403ForADeadSession(Notifier):  # type: ignore[misc]
    def _send_in_fresh_session(self, guest: Any, text: str) -> None:
        try:
            super()._send_in_fresh_session(guest, text)
        except right.Refused as refusal:
            raise right.TryAgain("the session had died", times=1, wait=0) from refusal


class RenewsWithTheSessionInHand(Notifier):  # type: ignore[misc]
    def _call(self, path: str, token: str, body: dict[str, Any], wanted: str) -> Any:
        try:
            return super()._call(path, token, body, wanted)
        except right.TryAgain as failure:
            if failure.cause != "the token was refused":
                raise
            return super()._call(path, self._bearer(), body, wanted)


def _impatient(platform: Any, seconds: float) -> None:
    if seconds > 60:
        raise right.NotSent("nobody waits that long")
    platform.sleep(seconds)


WRONG: dict[str, tuple[Factory, str]] = {
    "sends again after a 502": (made(SendsAgain), "D1"),
    "takes every 403 for a dead session": (made(TakesEvery403ForADeadSession), "R3"),
    "waits a minute at most, then tries": (made(Notifier, lambda platform, wait: platform.sleep(min(wait, 60))), "R5"),
    "waits a minute at most, then gives up": (made(Notifier, _impatient), "D2"),
    "keeps the session over a login": (made(RenewsWithTheSessionInHand), "S2"),
    "lower-cases addresses": (passing_on(lambda guest: replace(guest, email=guest.email.lower())), "D5"),
    "cuts names": (passing_on(lambda guest: replace(guest, name=guest.name[:200])), "D5"),
    "trims names": (passing_on(lambda guest: replace(guest, name=guest.name.strip())), "D5"),
    "trims texts": (passing_on(text=str.strip), "D4"),
    "unescapes texts": (passing_on(text=html.unescape), "D4"),
    "takes dollars for a template's": (passing_on(text=lambda text: text.replace("$$", "$")), "D4"),
    "straightens quotes": (passing_on(text=lambda text: text.replace("\u2019", "'")), "D4"),
    "normalizes ends of lines": (passing_on(text=lambda text: text.replace("\r\n", "\n")), "D4"),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_found_by_what_is_built_in_alone(name: str) -> None:
    factory, code = WRONG[name]
    report = verify(name, PythonClients(factory), Options(seed=0, examples=0, walk="off"))
    assert [clause.code for clause in report.violated] == [code]


def test_the_client_they_are_made_from_is_right() -> None:
    report = verify("right", PythonClients(made(Notifier)), Options(seed=0, examples=0))
    assert not report.violated
