"""`dayfly explain --emit`: the script addresses the mock as the user does, whatever the mock takes for its own address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from contracts import cli
from contracts.cli import sources
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
