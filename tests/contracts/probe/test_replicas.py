"""A provider behind sockets: asked as it would be in process, with the same verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from contracts.judge import Status
from contracts.platform_requests import ClientCredentials, for_message, for_session, for_token
from contracts.probe import ProbeError, ProbeOptions, at_url, in_process, probe
from contracts.probe.replicas import HttpDoor, Replica
from contracts.remote.web import Web
from mockserver.assemble import Assembly, assemble
from mockserver.live import LiveServer
from mockserver.settings import Settings
from mockserver.web import create_app

CREDENTIALS = ClientCredentials("somebody", "somebodys-secret")


@pytest.fixture(scope="module")
def assembly() -> Iterator[Assembly]:
    with assemble(Settings(client_id=CREDENTIALS.client_id, client_secret=CREDENTIALS.client_secret)) as parts:
        yield parts


@pytest.fixture(scope="module")
def url(assembly: Assembly) -> Iterator[str]:
    with LiveServer(create_app(assembly)) as server:
        yield server.url


@pytest.fixture
def door(url: str) -> Iterator[Replica]:
    door = HttpDoor(Web(url))
    yield door
    door.close()


def test_over_a_socket_the_mock_keeps_what_it_keeps_in_process(url: str) -> None:
    with at_url(url, replicas=[url]) as provider:
        report = probe(provider, ProbeOptions(seed=0, examples=3))
    assert {result.status for result in report.clauses} == {Status.HELD}
    assert report.target == url


def test_without_control_no_more_than_credentials_is_needed(url: str) -> None:
    with at_url(url, credentials=CREDENTIALS) as provider:
        report = probe(provider, ProbeOptions(seed=0, clauses=("P1", "P3", "P4", "P8")))
    assert [result.status for result in report.clauses] == [Status.HELD, Status.HELD, Status.NOT_EXERCISED, Status.HELD]


def test_a_socket_and_the_handler_answer_alike(door: Replica) -> None:
    with in_process(settings=Settings(client_id=CREDENTIALS.client_id, client_secret=CREDENTIALS.client_secret)) as provider:
        for request in (for_token(CREDENTIALS), for_session(None), for_message("Bearer nobody", "s", "\N{BUTTERFLY}")):
            over_socket, in_this_process = door.ask(request), provider.doors[0].ask(request)
            assert over_socket.status == in_this_process.status
            assert over_socket.code == in_this_process.code
            assert set(in_this_process.headers) - set(over_socket.headers) == set()


def test_a_race_over_a_socket_has_one_winner(door: Replica) -> None:
    authorization = f"Bearer {door.ask(for_token(CREDENTIALS)).told('access_token')}"
    id = door.ask(for_session(authorization)).told("webChatSessionId")
    waiting = [door.begin(for_message(authorization, id, str(number))) for number in range(door.at_once)]
    assert Counter(wait().status for wait in waiting) == {200: 1, 403: door.at_once - 1}


def test_after_a_reconnection_it_goes_on(door: Replica) -> None:
    door.reconnect()
    assert door.ask(for_token(CREDENTIALS)).status == 200


@pytest.mark.parametrize(
    ("credentials", "told"),
    [
        (None, r"^http://127.0.0.1:1: POST /__admin/organizations gets no answer: .*refused"),
        (CREDENTIALS, "^http://127.0.0.1:1: POST /oauth/token gets no answer"),
    ],
)
def test_nobody_there_is_told_by_the_url(credentials: ClientCredentials | None, told: str) -> None:
    with at_url("http://127.0.0.1:1", credentials=credentials) as provider, pytest.raises(ProbeError, match=told):
        probe(provider)


@pytest.mark.parametrize("url", ["nowhere", "http://host:port", "ftp://example.com"])
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(ProbeError, match=url), at_url(url) as provider:
        probe(provider)


def test_a_control_api_that_refuses_is_told_with_the_way_out(url: str) -> None:
    with assemble(Settings(admin_token="the-token")) as parts, LiveServer(create_app(parts)) as server:
        with at_url(server.url, admin_token="another") as provider, pytest.raises(ProbeError) as refused:
            probe(provider)
        with at_url(server.url, admin_token="the-token") as provider:
            assert probe(provider, ProbeOptions(clauses=("P12",))).exit_status() == 0
    assert "its control API answers 401" in str(refused.value)
    assert "--client-id and --client-secret" in str(refused.value)
