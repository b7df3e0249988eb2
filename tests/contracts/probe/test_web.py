"""Providers that answer anything: each ends in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from contracts.platform_requests import ClientCredentials
from contracts.probe import ProbeError, at_url, probe
from contracts.remote import web
from mockserver.live import LiveServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a provider that answers every request alike, and tells its URL."""
    servers = []

    def start(body: bytes, status: str = "200 OK", kind: str = "application/json") -> str:
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
            environ["wsgi.input"].read()
            start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
            return [body]

        servers.append(LiveServer(answer))
        return servers[-1].__enter__().url

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def refused(url: str, credentials: ClientCredentials | None = None) -> str:
    with pytest.raises(ProbeError) as caught, at_url(url, credentials=credentials) as provider:
        probe(provider)
    return str(caught.value).removeprefix(f"{url}: ")


@pytest.mark.parametrize("body", [b"<h1>Hello</h1>", b"[]", b"[" * 100_000, b"\xff", b"", b'{"id": 5}'])
def test_what_is_no_control_api_is_told_so(body: bytes, serve: Serve) -> None:
    told = (
        "the answers under /__admin/organizations are not those of a mock's control API; for a provider without a control API"
    )
    assert refused(serve(body)).startswith(told)


def test_a_control_api_that_fails_is_told_with_its_status(serve: Serve) -> None:
    told = "its control API answers 500 to POST /__admin/organizations; for a provider without"
    assert refused(serve(b"<h1>Oops</h1>", "500 Internal Server Error", "text/html")).startswith(told)


@pytest.mark.parametrize("body", [b"<h1>Hello</h1>", b"{}", b'{"access_token": 5}', b'{"access_token": "caf\xc3\xa9\\n"}'])
def test_a_token_that_cannot_be_shown_is_told(body: bytes, serve: Serve) -> None:
    told = "the token request is answered 200, but without a token that a header can carry"
    assert refused(serve(body), ClientCredentials("me", "my-secret")) == told


def test_an_answer_may_not_be_as_long_as_it_likes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "LARGEST", 1000)
    assert refused(serve(b"x" * 1001)) == "POST /__admin/organizations is answered with more than 1000 bytes"


def test_an_answer_may_not_take_for_ever(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = web.Web(serve(b"{}"))
    monkeypatch.setattr(web, "TIMEOUT", -1)
    with pytest.raises(ProbeError, match=r"GET / takes more than -1 s to be answered$"):
        asked.ask("GET", "/")
    asked.close()


def test_a_url_that_names_a_user_is_refused_without_the_password() -> None:
    with pytest.raises(ProbeError, match="--client-id") as caught:
        at_url("http://somebody:their-secret@127.0.0.1:1")
    assert "their-secret" not in str(caught.value)
