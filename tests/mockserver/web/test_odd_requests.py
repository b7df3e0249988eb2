"""Requests that no client means: each is refused in the shape of whoever is asked, and none is a 500."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from mockserver.assemble import assemble
from mockserver.web import create_app

CREATE = "/api/v2/conversations/webchat/sessions"


def call(path: str, method: str = "GET", body: bytes = b"", **environ: str) -> tuple[int, bytes]:
    """Call a new mock as a WSGI server does, with nothing in between that would refuse an odd header."""
    with assemble() as mock:
        given: dict[str, Any] = EnvironBuilder(path=path, method=method, data=body).get_environ()
        given |= {"REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "application/json", **environ}
        statuses: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            statuses.append(status)

        answer = create_app(mock)(given, start)
        return int(statuses[-1][:3]), b"".join(answer)


@pytest.mark.parametrize("host", ["a..b", "a" * 300, ".", "xn--a", "\xe9", "[::1", "localhost:" + "9" * 5000, ""])
@pytest.mark.parametrize(
    "path",
    ["/__admin/health", "/__admin/nowhere", "/__admin/organizations", "/__admin/console", "/__admin/console/login"],
)
def test_an_odd_host_is_no_failure_of_the_control_side(path: str, host: str) -> None:
    assert call(path, HTTP_HOST=host)[0] in {200, 302, 303, 308, 400, 403, 404}


def test_a_host_that_cannot_be_one_is_said_to_be_wrong() -> None:
    for path in ("/__admin/health", "/__admin/console"):
        status, body = call(path, HTTP_HOST="a..b")
        assert (status, b"Host header" in body) == (400, True)


def test_the_platform_does_not_look_at_the_host() -> None:
    assert call("/nowhere", HTTP_HOST="a..b")[0] == 404
    assert call(CREATE, "POST", HTTP_HOST="a..b")[0] == 401


@pytest.mark.parametrize("path", ["/oauth/token", CREATE, "/__admin/organizations", "/__admin/console/login"])
@pytest.mark.parametrize("length", ["0" * 5000, "0" * 5000 + "2", "9" * 5000, "-1", "x", "\xb2"])
def test_no_content_length_is_a_failure(path: str, length: str) -> None:
    assert call(path, "POST", b"{}", CONTENT_LENGTH=length)[0] in {201, 303, 400, 401, 413, 415}


def test_leading_zeros_do_not_change_a_length() -> None:
    with assemble() as mock:
        client = create_app(mock).test_client()
        form = b"grant_type=client_credentials"
        credentials = (mock.settings.client_id, mock.settings.client_secret)
        answer = client.post(
            "/oauth/token",
            data=form,
            auth=credentials,
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"CONTENT_LENGTH": "0" * 6000 + str(len(form))},
        )
        assert answer.status_code == 200


@pytest.mark.parametrize("depth", [90, 101, 500, 980, 990, 5000])
def test_a_deep_body_is_refused_and_journalled(depth: int) -> None:
    with assemble() as mock:
        client, settings = create_app(mock).test_client(), mock.settings
        form = {"grant_type": "client_credentials"}
        token: Any = client.post("/oauth/token", data=form, auth=(settings.client_id, settings.client_secret)).json
        headers = {"Authorization": f"Bearer {token['access_token']}", "Content-Type": "application/json"}
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            body = f'{{"guest": {opening * depth}1{closing * depth}}}'
            assert client.post(CREATE, data=body, headers=headers).status_code == 400
            assert client.post("/nowhere", data=body, headers=headers).status_code == 404
        local = {"Host": "localhost"}
        assert client.get("/__admin/organizations/default/requests", headers=local).status_code == 200
        assert len(client.get("/__admin/organizations/default/trace", headers=local).text.splitlines()) == 11
