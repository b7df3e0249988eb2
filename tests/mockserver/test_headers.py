"""Every door hands on the headers in which something may be found, and no more of them than it has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from mockserver.assemble import Assembly, assemble
from mockserver.engine.model import DEFAULT_ORGANIZATION
from mockserver.ids import digest
from mockserver.inprocess import Transport, router
from mockserver.journal import Arrival
from mockserver.live import LiveServer
from mockserver.web.app import create_app
from mockserver.wire.message import LONGEST_OTHER, MOST_OTHERS

SESSIONS = "/api/v2/conversations/webchat/sessions"

Door = Callable[[Assembly], Iterator[httpx.Client]]


def in_process(assembly: Assembly) -> Iterator[httpx.Client]:
    with httpx.Client(transport=Transport(assembly.handler), base_url="http://mock") as http:
        yield http


def through_respx(assembly: Assembly) -> Iterator[httpx.Client]:
    with router(assembly.handler), httpx.Client(base_url="http://mock") as http:
        yield http


def in_the_fast_lane(assembly: Assembly) -> Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.WSGITransport(create_app(assembly)), base_url="http://mock") as http:
        yield http


def through_flask(assembly: Assembly) -> Iterator[httpx.Client]:
    app = create_app(assembly, fast_lane=False)
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://mock") as http:
        yield http


def behind_a_socket(assembly: Assembly) -> Iterator[httpx.Client]:
    with LiveServer(create_app(assembly)) as server, httpx.Client(base_url=server.url, timeout=30) as http:
        yield http


@pytest.fixture(params=[in_process, through_respx, in_the_fast_lane, through_flask, behind_a_socket])
def asked(request: pytest.FixtureRequest) -> Callable[[dict[str, str]], Arrival]:
    """Asks for a session through a door, with these headers, and returns what the journal tells of it."""

    def ask(headers: dict[str, str]) -> Arrival:
        with assemble() as assembly, contextmanager(request.param)(assembly) as http:
            settings = assembly.settings
            pair = (settings.client_id, settings.client_secret)
            token = http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=pair).json()["access_token"]
            shown = {name: value.format(token=token, secret=settings.client_secret) for name, value in headers.items()}
            http.post(SESSIONS, headers={"Authorization": f"Bearer {token}", **shown}, json={})
            entries = list(assembly.store.entries(DEFAULT_ORGANIZATION))
        return [entry for entry in entries if isinstance(entry, Arrival)][-1]

    return ask


def test_a_credential_is_seen_in_any_header(asked: Callable[[dict[str, str]], Arrival]) -> None:
    arrival = asked({"X-Api-Key": "{token}", "Cookie": "a=b; c={secret}", "User-Agent": "app ({secret})"})
    assert set(arrival.credential.seen_in) == {"header", "header:x-api-key", "cookie", "header:user-agent"}


def test_a_key_that_makes_a_request_idempotent_is_told_by_its_digest(asked: Callable[[dict[str, str]], Arrival]) -> None:
    assert asked({"Idempotency-Key": "7", "X-Other": "8"}).keys == {"idempotency-key": digest("7")}


def test_as_many_headers_are_looked_at_as_there_is_room_for(asked: Callable[[dict[str, str]], Arrival]) -> None:
    many = {f"X-{number:03d}": "x" for number in range(MOST_OTHERS)}
    assert asked({**many, "X-Late": "{token}"}).credential.seen_in == ("header",)
    assert asked({"X-Long": "x" * LONGEST_OTHER + "{token}"}).credential.seen_in == ("header",)
