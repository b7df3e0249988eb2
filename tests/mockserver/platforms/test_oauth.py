"""Codes, tokens and their rotation, as RFC 6749, 6750 and 9700 tell them, request by request."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from mockserver.declared.explain import explanation
from mockserver.engine.model import Fault
from tests.mockserver.platforms.served import broken_by_false_failure, clauses, served, told

BACK = "http://localhost/callback"
JSON = {"content-type": "application/json"}


def code(oauth: httpx.Client) -> str:
    """RFC 6749 §4.1.1 and §4.1.2"""
    asked = {"response_type": "code", "client_id": "shop", "redirect_uri": BACK, "state": "xyz"}
    status, reason, headers, body = told(oauth.get("/authorize", params=asked))
    where = urlsplit(headers.pop("location"))
    assert (status, reason, headers, body, f"{where.scheme}://{where.netloc}{where.path}") == (302, "", {}, "", BACK)
    query = parse_qs(where.query)
    (found,) = query.pop("code")
    assert query == {"state": ["xyz"]}
    return found


def token(oauth: httpx.Client, *, secret: str = "s3cret", **form: Any) -> httpx.Response:
    return oauth.post("/token", data=form, auth=("shop", secret))


def exchange(oauth: httpx.Client, shown: str, back: str = BACK) -> httpx.Response:
    """RFC 6749 §4.1.3"""
    return token(oauth, grant_type="authorization_code", code=shown, redirect_uri=back)


def refresh(oauth: httpx.Client, shown: str) -> httpx.Response:
    """RFC 6749 §6"""
    return token(oauth, grant_type="refresh_token", refresh_token=shown)


def tokens(answer: httpx.Response) -> tuple[str, str]:
    """Return the access token and the refresh token of an answer (RFC 6749 §5.1)."""
    status, reason, headers, body = told(answer)
    found = str(body.pop("access_token")), str(body.pop("refresh_token", ""))
    kept = JSON | {"cache-control": "no-store", "pragma": "no-cache"}
    assert (status, reason, headers, body) == (200, "", kept, {"token_type": "Bearer", "expires_in": 3600})
    return found


def read(oauth: httpx.Client, access: str) -> httpx.Response:
    """RFC 6750 §2.1"""
    return oauth.get("/resource/one", headers={"Authorization": f"Bearer {access}"})


def refused(status: int, reason: str, error: str, words: str, **headers: str) -> tuple[int, str, dict[str, str], Any]:
    """RFC 6749 §5.2"""
    return status, reason, JSON | headers, {"error": error, "error_description": words}


def invalid_grant(reason: str) -> tuple[int, str, dict[str, str], Any]:
    return refused(400, reason, "invalid_grant", "invalid, expired or revoked")


def invalid_token(why: str) -> tuple[int, str, dict[str, str], Any]:
    """RFC 6750 §3.1"""
    challenge = {"www-authenticate": 'Bearer error="invalid_token"'}
    return refused(401, f"access.{why}", "invalid_token", "expired, revoked or malformed", **challenge)


def test_a_code_brings_tokens_that_read_the_resource() -> None:
    oauth, mock = served("oauth")
    access, old = tokens(exchange(oauth, code(oauth)))
    assert told(read(oauth, access)) == (200, "", JSON, {"name": "one"})
    mock.advance(3_599_999)
    assert read(oauth, access).status_code == 200
    mock.advance(1)
    assert told(read(oauth, access)) == invalid_token("expired")
    assert read(oauth, tokens(refresh(oauth, old))[0]).status_code == 200


def test_a_request_without_a_token_is_told_no_more_than_how() -> None:
    """RFC 6750 §3.1: a request without authentication gets no error code."""
    oauth, _ = served("oauth")
    assert told(oauth.get("/resource/one")) == (401, "access.missing", {"www-authenticate": "Bearer"}, "")
    assert told(read(oauth, "made-up")) == invalid_token("unknown")


def test_a_code_that_is_used_twice_ends_its_grant() -> None:
    """RFC 6749 §4.1.2"""
    oauth, _ = served("oauth")
    shown = code(oauth)
    access, old = tokens(exchange(oauth, shown))
    assert told(exchange(oauth, shown)) == invalid_grant("code.spent")
    assert told(read(oauth, access)) == invalid_token("ended")
    assert told(refresh(oauth, old)) == invalid_grant("refresh.ended")


def test_a_code_is_bound_to_its_redirection_and_good_for_ten_minutes() -> None:
    """RFC 6749 §4.1.2 and §4.1.3"""
    oauth, mock = served("oauth")
    assert told(exchange(oauth, code(oauth), "http://elsewhere/callback")) == invalid_grant("code.foreign")
    shown, other = code(oauth), code(oauth)
    mock.advance(599_999)
    tokens(exchange(oauth, other))
    mock.advance(1)
    assert told(exchange(oauth, shown)) == invalid_grant("code.expired")
    assert told(exchange(oauth, "made-up")) == invalid_grant("code.unknown")
    assert told(token(oauth, grant_type="authorization_code")) == invalid_grant("code.missing")
    mock.end("grant")
    assert mock.credential("code", other).ended_by == "spent"


def test_an_old_refresh_token_ends_the_grant_of_its_family_alone() -> None:
    """RFC 9700 §4.14.2"""
    oauth, _ = served("oauth")
    (_, first), (other, _) = tokens(exchange(oauth, code(oauth))), tokens(exchange(oauth, code(oauth)))
    access, second = tokens(refresh(oauth, first))
    assert second not in {"", first}
    assert told(refresh(oauth, first)) == invalid_grant("refresh.succeeded")
    assert told(refresh(oauth, second)) == invalid_grant("refresh.ended")
    assert told(read(oauth, access)) == invalid_token("ended")
    assert read(oauth, other).status_code == 200
    assert told(refresh(oauth, "made-up")) == invalid_grant("refresh.unknown")
    assert told(token(oauth, grant_type="refresh_token")) == invalid_grant("refresh.missing")


def test_nothing_replaces_a_refresh_token_that_is_dead() -> None:
    """RFC 6749 §5.2"""
    oauth, mock = served("oauth")
    (advice,) = explanation(mock, refresh(oauth, "made-up").headers["Dayfly-Context"]).advice
    assert advice.startswith("Nothing replaces a refresh token")


def test_within_a_grace_the_old_refresh_token_still_works() -> None:
    oauth, mock = served("oauth", refresh__successor=10)
    _, first = tokens(exchange(oauth, code(oauth)))
    tokens(refresh(oauth, first))
    mock.advance(9_999)
    tokens(refresh(oauth, first))
    mock.advance(1)
    assert told(refresh(oauth, first)) == invalid_grant("refresh.succeeded")


def test_client_credentials_bring_an_access_token_and_no_refresh_token() -> None:
    """RFC 6749 §4.4.3, and §2.3.1 for credentials in the form"""
    oauth, _ = served("oauth")
    access, none = tokens(token(oauth, grant_type="client_credentials"))
    assert (none, read(oauth, access).status_code) == ("", 200)
    form = {"grant_type": "client_credentials", "client_id": "shop", "client_secret": "s3cret"}
    tokens(oauth.post("/token", data=form))


def test_a_client_that_does_not_prove_itself_is_refused_whatever_it_asks_for() -> None:
    """RFC 6749 §5.2"""
    oauth, _ = served("oauth")
    words, basic = "client authentication failed", {"www-authenticate": 'Basic realm="token"'}
    for grant in ("authorization_code", "refresh_token", "client_credentials"):
        wrong = token(oauth, secret="wrong", grant_type=grant)
        assert told(wrong) == refused(401, "client.foreign", "invalid_client", words, **basic)
        stranger = oauth.post("/token", data={"grant_type": grant}, auth=("stranger", "s3cret"))
        assert told(stranger) == refused(401, "client.unknown", "invalid_client", words, **basic)
        nobody = oauth.post("/token", data={"grant_type": grant})
        assert told(nobody) == refused(401, "client.missing", "invalid_client", words, **basic)
    known = "use authorization_code, refresh_token or client_credentials"
    assert told(token(oauth, grant_type="password")) == refused(400, "operation.operation", "unsupported_grant_type", known)


def test_other_paths_and_methods_are_told() -> None:
    oauth, mock = served("oauth")
    assert told(oauth.get("/resource")) == refused(404, "route.route", "not_found", "no such path")
    assert told(oauth.get("/token")) == refused(405, "method.method", "not_found", "no such method", allow="POST")
    mock.plan(Fault(kind="status", status=503))
    assert told(read(oauth, "made-up")) == refused(503, "fault.injected", "temporarily_unavailable", "try again")


def test_a_secret_stands_in_no_journal() -> None:
    oauth, mock = served("oauth")
    access, old = tokens(exchange(oauth, code(oauth)))
    read(oauth, access)
    refresh(oauth, old)
    shown = [one.shown for one in mock.journal]
    assert all(one[kind].startswith("t:") for one in shown for kind in ("access", "refresh") if kind in one)


def test_clients_are_judged_by_these_clauses() -> None:
    code_and_refresh = {
        "S1/code": "MUST RFC 6749 §4.1.2",
        "N2/refresh": "MUST RFC 6749 §6",
        "R1/refresh": "advice RFC 6749 §5.2",
    }
    access = dict.fromkeys(("R1/access", "R2/access"), "advice RFC 6750 §3.1")
    access |= {"A3/access": "advice RFC 9700 §4.14.2", "A4/access": "advice RFC 6749 §5.1"}
    secret = {"A5/refresh": "advice RFC 6749 §10.4", "A5/access": "MUST RFC 9700 §4.3.2"}
    plain = ("S4/client", "S4/code", "S4/refresh", "S4/access", "R1/code", "A2/access", "R4", "R5", "D4/read")
    unit = {"D3/read": "advice RFC 9110 §15.3.1"}
    assert clauses("oauth") == {**code_and_refresh, **access, **secret, **unit, **dict.fromkeys(plain, "")}


def test_what_was_read_was_read() -> None:
    assert broken_by_false_failure("oauth", "read", "/resource/one", method="GET") == {"D3/read"}
