"""Codes, tokens and their rotation, as RFC 6749, 6750 and 9700 tell them, request by request."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.mockserver.platforms.served import served

BACK = "http://localhost/callback"
INVALID_GRANT = (400, "invalid_grant")


def code(oauth: httpx.Client) -> str:
    asked = {"response_type": "code", "client_id": "shop", "redirect_uri": BACK, "state": "xyz"}
    answer = oauth.get("/authorize", params=asked)
    assert answer.status_code == 302
    told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.headers["Location"].startswith(f"{BACK}?")
    assert told["state"] == ["xyz"]
    return told["code"][0]


def token(oauth: httpx.Client, *, secret: str = "s3cret", **form: Any) -> httpx.Response:
    return oauth.post("/token", data=form, auth=("shop", secret))


def exchange(oauth: httpx.Client, shown: str, back: str = BACK) -> httpx.Response:
    return token(oauth, grant_type="authorization_code", code=shown, redirect_uri=back)


def refresh(oauth: httpx.Client, shown: str) -> httpx.Response:
    return token(oauth, grant_type="refresh_token", refresh_token=shown)


def read(oauth: httpx.Client, access: str) -> int:
    return oauth.get("/resource/one", headers={"Authorization": f"Bearer {access}"}).status_code


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_code_brings_tokens_that_read_the_resource() -> None:
    oauth, mock = served("oauth")
    told = exchange(oauth, code(oauth))
    tokens = told.json()
    assert (told.status_code, told.headers["Cache-Control"]) == (200, "no-store")
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert read(oauth, tokens["access_token"]) == 200
    mock.advance(3_600_000)
    assert read(oauth, tokens["access_token"]) == 401
    assert read(oauth, refresh(oauth, tokens["refresh_token"]).json()["access_token"]) == 200


def test_a_code_that_is_used_twice_ends_its_grant() -> None:
    oauth, _ = served("oauth")
    shown = code(oauth)
    tokens = exchange(oauth, shown).json()
    assert refused(exchange(oauth, shown)) == INVALID_GRANT
    assert read(oauth, tokens["access_token"]) == 401
    assert refused(refresh(oauth, tokens["refresh_token"])) == INVALID_GRANT


def test_a_code_is_bound_to_its_redirection_and_good_for_ten_minutes() -> None:
    oauth, mock = served("oauth")
    assert refused(exchange(oauth, code(oauth), "http://elsewhere/callback")) == INVALID_GRANT
    shown = code(oauth)
    mock.advance(600_000)
    assert refused(exchange(oauth, shown)) == INVALID_GRANT


def test_an_old_refresh_token_ends_the_grant_of_its_family_alone() -> None:
    oauth, _ = served("oauth")
    first, other = exchange(oauth, code(oauth)).json(), exchange(oauth, code(oauth)).json()
    second = refresh(oauth, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert refused(refresh(oauth, first["refresh_token"])) == INVALID_GRANT
    assert refused(refresh(oauth, second["refresh_token"])) == INVALID_GRANT
    assert read(oauth, second["access_token"]) == 401
    assert read(oauth, other["access_token"]) == 200


def test_within_a_grace_the_old_refresh_token_still_works() -> None:
    oauth, mock = served("oauth", refresh__successor=10)
    first = exchange(oauth, code(oauth)).json()
    assert refresh(oauth, first["refresh_token"]).status_code == 200
    mock.advance(9_999)
    assert refresh(oauth, first["refresh_token"]).status_code == 200
    mock.advance(1)
    assert refused(refresh(oauth, first["refresh_token"])) == INVALID_GRANT


def test_client_credentials_bring_an_access_token_and_no_refresh_token() -> None:
    oauth, _ = served("oauth")
    tokens = token(oauth, grant_type="client_credentials").json()
    assert "refresh_token" not in tokens
    assert read(oauth, tokens["access_token"]) == 200
    by_form = oauth.post("/token", data={"grant_type": "client_credentials", "client_id": "shop", "client_secret": "s3cret"})
    assert by_form.status_code == 200


def test_a_client_with_a_wrong_secret_is_refused() -> None:
    oauth, _ = served("oauth")
    answer = token(oauth, secret="wrong", grant_type="client_credentials")
    assert refused(answer) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert refused(token(oauth, grant_type="password")) == (400, "unsupported_grant_type")
