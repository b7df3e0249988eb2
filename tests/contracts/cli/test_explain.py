"""`dayfly explain --emit`: the script addresses the mock as the user does, whatever the mock takes for its own address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from contracts import cli
from contracts.cli import sources
from mockserver.journal import Entry, Header, Perturbed, encode
from mockserver.live import LiveServer
from mockserver.settings import Settings
from tests.contracts.console_panels.test_panels import PanelledMock, panelled

PROXY = "https://mocks.example.org/team"


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The contextId of a refused request to a mock behind a proxy that ends TLS and takes a prefix off."""
    for mock in panelled(Settings()):
        monkeypatch.setattr(sources, "client", partial(behind_a_proxy, mock))
        mock.life.login()
        mock.life.create()
        mock.life.send()
        mock.life.send(text="again")
        yield mock.latest(reason="session.consumed")


def behind_a_proxy(mock: PanelledMock, url: str, _token: str) -> httpx.Client:
    mounted = DispatcherMiddleware(NotFound(), {"/team": mock.browser.application})

    def upstream(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        return mounted(environ | {"HTTP_HOST": "127.0.0.1:8403", "wsgi.url_scheme": "http"}, start)

    return httpx.Client(transport=httpx.WSGITransport(upstream), base_url=url)


@pytest.mark.parametrize("kind", ["curl", "python", "node"])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_script_addresses_the_mock_as_the_user_does(
    refused: str, kind: str, end: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["explain", refused, "--url", PROXY + end, "--emit", kind]) == 0
    written = capfd.readouterr().out
    assert written.count(PROXY) == 2
    assert "127.0.0.1" not in written


def test_what_a_script_cannot_address_is_refused(refused: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", refused, "--url", "unix:/run/mock", "--emit", "curl"]) == 2
    assert "a script cannot address unix:/run/mock; give --url http://HOST" in capfd.readouterr().err


def test_without_a_mock_a_contextid_may_be_one_of_a_recording(capfd: pytest.CaptureFixture[str]) -> None:
    context_id = "00000000-aaaa-4bbb-8ccc-000000000005"
    assert cli.run(["explain", context_id, "--url", "http://127.0.0.1:1"]) == 2
    assert "; `dayfly reproduce FILE` explains the answers in a recording\n" in capfd.readouterr().err


def test_a_password_in_the_url_is_in_no_script_and_in_no_message(refused: str, capfd: pytest.CaptureFixture[str]) -> None:
    url = PROXY.replace("//", "//ann:a-password@")
    assert cli.run(["explain", refused, "--url", url, "--emit", "curl"]) == 2
    err = capfd.readouterr().err
    assert "a script carries no user and no password" in err
    assert f"give --url {PROXY}, or --emit json" in err
    assert cli.run(["explain", refused, "--url", url, "--emit", "json"]) == 0
    assert "a-password" not in err + capfd.readouterr().out


@pytest.mark.parametrize("password", ["a-password", "@a-password"])
@pytest.mark.parametrize("command", [["check", "--report", "json:report.json"], ["tail", "--url"]])
def test_no_command_repeats_a_password(
    command: list[str], password: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run([*command, f"http://ann:{password}@127.0.0.1:1"]) == 2
    told = "".join(capfd.readouterr()) + "".join(path.read_text() for path in tmp_path.iterdir())
    assert "a-password" not in told


def test_a_malformed_journal_is_refused_without_the_password(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries: list[Entry] = [Header(clock="wall"), Perturbed(2, 0, "reset"), Perturbed(1, 0, "reset")]
    journal = httpx.Response(200, content=b"".join(encode(entry) + b"\n" for entry in entries))
    monkeypatch.setattr(sources, "ask", lambda *_: journal)
    assert cli.run(["check", "http://ann:a-password@127.0.0.1:1"]) == 2
    err = capfd.readouterr().err
    assert "http://127.0.0.1:1: the trace is malformed" in err
    assert "a-password" not in err


CONTEXT_ID = "00000000-6eac-4059-a810-17b9f286b588"


@pytest.mark.parametrize("answer", [({"a": 1}, 200), ("<p>Welcome", 200), ("<p>Not here", 404), ({"error": "no"}, 400)])
@pytest.mark.parametrize(
    "command",
    [
        ["explain", CONTEXT_ID, "--url"],
        ["explain", CONTEXT_ID, "--json", "--url"],
        ["explain", CONTEXT_ID, "--emit", "json", "--url"],
        ["explain", CONTEXT_ID, "--emit", "curl", "--url"],
        ["check"],
        ["check", "--platform", "mcp"],
    ],
    ids=" ".join,
)
def test_a_server_that_is_no_mock_is_told(command: list[str], answer: Any, capfd: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:_>", view_func=lambda _: answer)
    with LiveServer(app) as server:
        assert cli.run([*command, server.url]) == 2
    told = capfd.readouterr()
    assert f"dayfly: what answers at {server.url} is not a mock: " in told.err
    assert "; give the URL that `dayfly serve` printed" in told.err
    assert "Welcome" not in told.out
