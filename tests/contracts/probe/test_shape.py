"""The shape of answers: what is wrong is named, and what is right is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contracts.platform_requests import ClientCredentials, PlatformReply, for_message, for_session, for_token
from contracts.probe.shape import problem, words_of
from mockserver.engine.model import MESSAGES, SESSIONS
from mockserver.wire.message import Request

NOW = 1_795_000_000_999

HEADERS = {
    "content-type": "application/json",
    "inin-correlation-id": "c1",
    "date": "Wed, 18 Nov 2026 11:06:40 GMT",
    "cache-control": "no-cache, no-store, must-revalidate",
    "inin-ratelimit-count": "0",
    "inin-ratelimit-allowed": "300",
    "inin-ratelimit-reset": "60",
}

DEAD: dict[str, Any] = {
    "message": "You are not authorized to perform the requested action.",
    "code": "not.authorized",
    "status": 403,
    "contextId": "c1",
    "details": [],
    "errors": [],
}

TOKEN, CREATE, SEND = for_token(ClientCredentials("a", "b")), for_session("Bearer t"), for_message("Bearer t", "s")


def answer(status: int, body: object, **headers: str | None) -> PlatformReply:
    """An answer with the usual headers, some of them others, or none."""
    changed = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    told = {name: value for name, value in changed.items() if value is not None}
    return PlatformReply(status, told, body if isinstance(body, bytes) else msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (TOKEN, answer(200, {"access_token": "t", "token_type": "bearer", "expires_in": 5, "scope": ""})),
        (
            TOKEN,
            answer(401, {"error": "invalid_client", "description": "no", "error_description": "no"}, www_authenticate="Basic"),
        ),
        (CREATE, answer(200, {"webChatSessionId": "s"})),
        (SEND, answer(200, {"id": "m", "webChatSessionId": "s"})),
        (SEND, answer(403, DEAD)),
        (SEND, answer(403, {**DEAD, "limit": {}, "entityId": "e"})),
        (TOKEN, answer(415, {**DEAD, "status": 415})),
    ],
)
def test_what_is_documented_is_right(request_: Request, reply: PlatformReply) -> None:
    assert problem(request_, reply, NOW) is None


@pytest.mark.parametrize(
    ("request_", "reply", "told"),
    [
        (SEND, answer(403, DEAD, inin_correlation_id=None), "no ININ-Correlation-Id"),
        (SEND, answer(403, {**DEAD, "contextId": "c2"}), "its contextId 'c2' is not its ININ-Correlation-Id"),
        (SEND, answer(403, DEAD, content_type="text/html"), "Content-Type is 'text/html'"),
        (SEND, answer(403, DEAD, date="Wed, 18 Nov 2026 11:06:41 GMT"), "its clock says Wed, 18 Nov 2026 11:06:40 GMT"),
        (SEND, answer(403, b"<h1>Forbidden</h1>"), "not a JSON object"),
        (SEND, answer(403, b'{"message": NaN}'), "not a JSON object"),
        (SEND, answer(403, [DEAD]), "not a JSON object"),
        (SEND, answer(403, {**DEAD, "status": 500}), "its body says status 500"),
        (SEND, answer(403, {**DEAD, "errors": None}), "its errors is None, not a list"),
        (SEND, answer(403, {**DEAD, "status": True}), "its status is True, not a int"),
        (SEND, answer(403, {name: value for name, value in DEAD.items() if name != "code"}), "has no code"),
        (SEND, answer(403, {**DEAD, "hint": "idle"}), "a field 'hint' that"),
        (SEND, answer(403, {**DEAD, "details": [{"errorCode": "idle"}]}), "details of a dead session"),
        (SEND, answer(401, {**DEAD, "status": 401}), "a 401 without WWW-Authenticate"),
        (SEND, answer(405, {**DEAD, "status": 405}), "a 405 without Allow"),
        (
            CREATE,
            answer(200, {"webChatSessionId": "s", "expiresIn": 30}),
            "a field 'expiresIn' that the platform does not document",
        ),
        (CREATE, answer(200, {"webChatSessionId": ""}), "its webChatSessionId is empty"),
        (CREATE, answer(200, {"webChatSessionId": "s"}, cache_control="max-age=60"), "Cache-Control is 'max-age=60'"),
        (CREATE, answer(200, {"webChatSessionId": "s"}, inin_ratelimit_reset="1.5"), "inin-ratelimit-reset is '1.5'"),
        (TOKEN, answer(200, {"access_token": "t", "token_type": "bearer", "expires_in": 5.0, "scope": ""}), "its expires_in"),
        (TOKEN, answer(400, DEAD), "has no error"),
    ],
)
def test_what_is_wrong_is_named(request_: Request, reply: PlatformReply, told: str) -> None:
    assert told in (problem(request_, reply, NOW) or "")


def test_where_the_clock_is_not_known_any_date_will_do() -> None:
    assert problem(SEND, answer(403, DEAD, date=None), None) is None


def test_refusals_read_alike_whatever_their_context() -> None:
    one, other = answer(403, DEAD), answer(403, {**DEAD, "contextId": "c2"}, inin_correlation_id="c2", date="tomorrow")
    assert words_of(one) == words_of(other)
    assert words_of(one) != words_of(answer(403, {**DEAD, "message": "It has been idle."}))


def test_paths_are_told_apart() -> None:
    assert (CREATE.path, SEND.path) == (SESSIONS, MESSAGES)
