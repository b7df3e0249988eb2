"""One suite through all four doors to the handler: Flask's views, the fast lane, the httpx transport, the respx router."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import jsonschema
import pytest

from mockserver import inprocess, openapi
from mockserver.assemble import Assembly
from mockserver.control import Control
from mockserver.engine.model import Reason
from mockserver.settings import Settings
from mockserver.web import create_app
from mockserver.wire import ROUTES
from tests.mockserver.conftest import ManualClock, Mock

BASE = "http://mock.test"


def _flask(assembly: Assembly, stack: ExitStack) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(create_app(assembly, fast_lane=False)), base_url=BASE)


def _fast_lane(assembly: Assembly, stack: ExitStack) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(create_app(assembly)), base_url=BASE)


def _transport(assembly: Assembly, stack: ExitStack) -> httpx.Client:
    return httpx.Client(transport=inprocess.Transport(assembly.handler), base_url=BASE)


def _router(assembly: Assembly, stack: ExitStack) -> httpx.Client:
    stack.enter_context(inprocess.router(assembly.handler))
    return httpx.Client(base_url=BASE)


DOORS: dict[str, Callable[[Assembly, ExitStack], httpx.Client]] = {
    "flask": _flask,
    "fast lane": _fast_lane,
    "transport": _transport,
    "router": _router,
}


@pytest.fixture(params=DOORS)
def mock(request: pytest.FixtureRequest, assembly: Assembly, clock: ManualClock) -> Iterator[Mock]:
    with ExitStack() as stack:
        http = stack.enter_context(DOORS[request.param](assembly, stack))
        mock = Mock(assembly, clock, http)
        mock.login()
        yield mock


def refused(answer: httpx.Response, status: int, reason: str, code: str | None = None) -> None:
    """Asserts a refusal and everything its shape promises."""
    assert (answer.status_code, answer.headers.get("Dayfly-Reason")) == (status, reason)
    body = answer.json()
    if reason.startswith("oauth."):
        assert sorted(body) == ["description", "error", "error_description"]
        assert body["error"] == (code or body["error"])
        return
    schemas = openapi.document()["components"]
    jsonschema.validate(body, {"$ref": "#/components/schemas/ErrorBody", "components": schemas})
    assert body["status"] == status
    assert body["contextId"] == answer.headers["ININ-Correlation-Id"]
    assert code is None or body["code"] == code
    assert answer.headers["Content-Type"] == "application/json"


# -- the rules of the thread -----------------------------------------------------------------------------------------


def test_a_fresh_session_takes_one_message(mock: Mock) -> None:
    session = mock.session()
    first = mock.send(session)
    assert first.status_code == 200
    assert sorted(first.json()) == ["id", "webChatSessionId"]
    assert first.json()["webChatSessionId"] == session
    refused(mock.send(session), 403, "session.consumed", "not.authorized")


def test_the_threads_own_case_an_id_of_earlier_today(mock: Mock) -> None:
    session = mock.session()
    mock.clock.advance(4 * 3600)
    refused(mock.send(session), 403, "session.idle", "not.authorized")
    refused(mock.send("prev-session-uuid"), 403, "session.unknown", "not.authorized")


@pytest.mark.parametrize(("seconds", "status"), [(29.999, 200), (30, 403)])
def test_a_session_is_good_until_its_idle_timeout(mock: Mock, seconds: float, status: int) -> None:
    session = mock.session()
    mock.clock.advance(seconds)
    assert mock.send(session).status_code == status


def test_a_refusal_does_not_prolong_a_session_nor_consume_it(mock: Mock) -> None:
    session = mock.session()
    mock.clock.advance(20)
    refused(mock.send(session, ""), 400, "body.invalid")
    mock.clock.advance(9.999)
    assert mock.send(session).status_code == 200


def test_the_answer_to_a_create_tells_the_id_and_nothing_more(mock: Mock) -> None:
    assert list(mock.create().json()) == ["webChatSessionId"]


@pytest.mark.parametrize("body", [b"", b"null", b"{}"])
def test_a_create_needs_no_guest(mock: Mock, body: bytes) -> None:
    headers = mock.headers | ({"Content-Type": "application/json"} if body else {})
    assert mock.create(json=None, content=body, headers=headers).status_code == 200


def test_a_session_of_another_client_is_answered_as_unknown_and_journalled_as_foreign(mock: Mock) -> None:
    from mockserver.assemble import write_client
    from mockserver.engine.decide import oauth_client
    from mockserver.engine.model import DEFAULT_ORGANIZATION

    session = mock.session()
    write_client(mock.assembly.platform, oauth_client("other", DEFAULT_ORGANIZATION, "other-secret"))
    token = mock.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("other", "other-secret")).json()[
        "access_token"
    ]
    foreign = mock.send(session, headers={"Authorization": f"Bearer {token}"})
    unknown = mock.send("nobody", headers={"Authorization": f"Bearer {token}"})
    refused(foreign, 403, "session.unknown", "not.authorized")
    same = {"Date", "Content-Length", "Content-Type", "Dayfly-Reason", "Cache-Control"}
    assert {name: foreign.headers[name] for name in same} == {name: unknown.headers[name] for name in same}
    reasons = [entry.reason for entry in mock.assembly.store.entries(DEFAULT_ORGANIZATION) if hasattr(entry, "reason")]
    assert reasons[-2:] == [Reason.SESSION_FOREIGN, Reason.SESSION_UNKNOWN]
    assert mock.send(session).status_code == 200


def test_sixty_four_threads_on_one_id_one_is_accepted(mock: Mock) -> None:
    session = mock.session()
    with ThreadPoolExecutor(64) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda _: mock.send(session), range(64)))
    assert statuses == [200] + [403] * 63


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_is_issued_at_both_paths_and_by_both_ways_to_authenticate(mock: Mock) -> None:
    settings = mock.assembly.settings
    form = {"grant_type": "client_credentials", "client_id": settings.client_id, "client_secret": settings.client_secret}
    answer = mock.http.post("/login/oauth/token", data=form)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert (answer.json()["expires_in"], answer.json()["scope"]) == (86_400, "webchat:session:write")
    assert "inin-ratelimit-count" not in answer.headers


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        ({"grant_type": "client_credentials"}, ("nobody", "x"), 400, "invalid_client"),
        ({"grant_type": "client_credentials"}, None, 400, "invalid_client"),
        ({"grant_type": "client_credentials"}, ("ID", "wrong"), 401, "invalid_client"),
        ({"grant_type": "password"}, ("ID", "SECRET"), 400, "unsupported_grant_type"),
        ({}, ("ID", "SECRET"), 400, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": "admin"}, ("ID", "SECRET"), 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "a  b"}, ("ID", "SECRET"), 400, "invalid_scope"),
    ],
)
def test_the_token_endpoint_refuses_in_oauths_words(
    mock: Mock, form: dict[str, str], auth: tuple[str, str] | None, status: int, error: str
) -> None:
    settings = mock.assembly.settings
    known = {"ID": settings.client_id, "SECRET": settings.client_secret}
    pair = (known.get(auth[0], auth[0]), known.get(auth[1], auth[1])) if auth else None
    answer = mock.http.post("/oauth/token", data=form, auth=pair or httpx.Auth())
    refused(answer, status, answer.headers["Dayfly-Reason"], error)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize("header", ["Basic", "Basic !!", "Basic " + b64encode(b"nocolon").decode(), "Basic " + "A" * 9000])
def test_malformed_basic_credentials_are_an_unknown_client(mock: Mock, header: str) -> None:
    answer = mock.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header})
    refused(answer, 400, "oauth.unknown-client", "invalid_client")


@pytest.mark.parametrize(
    ("header", "reason", "code"),
    [
        (None, "auth.missing", "authentication.required"),
        ("Bearer ", "auth.missing", "authentication.required"),
        ("Bearer nonsense", "auth.unknown", "bad.credentials"),
        ("Bearer " + "0" * 8 + "A" * 43 + "QUFB", "auth.unknown", "bad.credentials"),
        ("Bearer two words", "auth.malformed", "bad.credentials"),
        ("Basic YTpi", "auth.malformed", "bad.credentials"),
        ("Bearer null", "auth.unknown", "bad.credentials"),
    ],
)
def test_a_missing_or_wrong_bearer_is_401(mock: Mock, header: str | None, reason: str, code: str) -> None:
    answer = mock.create(headers={"Authorization": header} if header is not None else {})
    refused(answer, 401, reason, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(("seconds", "status"), [(86_399.999, 200), (86_400, 401)])
def test_a_token_is_good_until_it_expires(mock: Mock, seconds: float, status: int) -> None:
    mock.clock.advance(seconds)
    answer = mock.create()
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "credentials.expired"


def test_a_scope_the_token_was_not_asked_for_is_missing(mock: Mock) -> None:
    from mockserver.assemble import write_client
    from mockserver.engine.decide import oauth_client
    from mockserver.engine.model import DEFAULT_ORGANIZATION

    client = oauth_client("bare", DEFAULT_ORGANIZATION, "bare-secret", ("other",))
    write_client(mock.assembly.platform, client)
    token = mock.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("bare", "bare-secret")).json()
    answer = mock.create(headers={"Authorization": f"Bearer {token['access_token']}"})
    refused(answer, 403, "scope.missing", "app.not.authorized.for.scope")
    assert answer.json()["message"] == "App not authorized to use scope [webchat:session:write]"
    assert answer.json()["messageParams"] == {"scope": "webchat:session:write"}


# -- bad input -------------------------------------------------------------------------------------------------------

GOOD = b'{"webChatSessionId": "x", "text": "y"}'

BAD_BODIES: list[tuple[bytes, str, str]] = [
    (b"", "body.not-json", "bad.request"),
    (b"{", "body.not-json", "bad.request"),
    (b"\xff\xfe", "body.not-json", "bad.request"),
    (b"null", "body.not-object", "bad.request"),
    (b"[]", "body.not-object", "bad.request"),
    (b'"text"', "body.not-object", "bad.request"),
    (b"7", "body.not-object", "bad.request"),
    (b"{}", "body.invalid", "constraint.validation"),
    (b'{"webChatSessionId": "", "text": "y"}', "body.invalid", "constraint.validation"),
    (b'{"webChatSessionId": null, "text": "y"}', "body.invalid", "constraint.validation"),
    (b'{"webChatSessionId": 7, "text": "y"}', "body.invalid", "constraint.validation"),
    (b'{"webChatSessionId": "x", "text": ""}', "body.invalid", "constraint.validation"),
    (b'{"webChatSessionId": "x", "text": ["y"]}', "body.invalid", "constraint.validation"),
    (b'{"webChatSessionId": "x", "text": "' + b"y" * 4001 + b'"}', "body.invalid", "constraint.validation"),
    (rb'{"webChatSessionId": "x", "text": "\u0000"}', "body.invalid", "constraint.validation"),
    (b'{"webChatSessionId": "x", "text": "\x00"}', "body.not-json", "bad.request"),
    (rb'{"webChatSessionId": "x", "text": "\ud800"}', "body.not-json", "bad.request"),
    (b'{"webChatSessionId": "x", "text": "y", "text": "z"}', "body.not-json", "bad.request"),
    (b'{"webChatSessionId": "x", "text": NaN}', "body.not-json", "bad.request"),
    (b"[" * 10_000 + b"]" * 10_000, "body.not-json", "bad.request"),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "body.not-json", "bad.request"),
]


@pytest.mark.parametrize(("body", "reason", "code"), BAD_BODIES)
def test_a_bad_body_is_400_and_consumes_nothing(mock: Mock, body: bytes, reason: str, code: str) -> None:
    session = mock.session()
    answer = mock.send(content=body, headers=mock.headers | {"Content-Type": "application/json"})
    refused(answer, 400, reason, code)
    assert len(answer.json()["message"]) < 500
    assert mock.send(session).status_code == 200


@pytest.mark.parametrize(("size", "status"), [(4000, 200), (4001, 400)])
def test_a_texts_length_is_counted_in_code_points(mock: Mock, size: int, status: int) -> None:
    answer = mock.send(mock.session(), "\U0001f98b" * size)
    assert answer.status_code == status
    assert status == 200 or answer.json()["message"] == "text: is longer than 4000 characters"


@pytest.mark.parametrize("media", [None, "text/plain", "application/json; charset=utf-16", "multipart/form-data", "a\tb"])
def test_another_media_type_is_415(mock: Mock, media: str | None) -> None:
    headers = mock.headers | ({"Content-Type": media} if media else {})
    refused(mock.send(content=GOOD, headers=headers), 415, "body.media-type", "unsupported.media.type")


def test_a_body_over_the_limit_is_413(mock: Mock) -> None:
    body = b'{"webChatSessionId": "x", "text": "y", "more": "' + b"z" * (1 << 20) + b'"}'
    answer = mock.send(content=body, headers=mock.headers | {"Content-Type": "application/json"})
    refused(answer, 413, "body.too-large", "request.entity.too.large")


def test_a_guest_with_too_long_a_name_names_the_field(mock: Mock) -> None:
    answer = mock.create(json={"guest": {"name": "a" * 255, "email": ""}})
    refused(answer, 400, "body.invalid", "constraint.validation")
    assert answer.json()["details"][0]["fieldName"] == "guest.name"


@pytest.mark.parametrize("id", ["../../etc/passwd", "a/b?c#d", "x\r\nSet-Cookie: a=b", "%00", "'; --", "\u202e", "x" * 100_000])
def test_any_string_is_a_well_formed_id(mock: Mock, id: str) -> None:
    answer = mock.send(id)
    refused(answer, 403, "session.unknown", "not.authorized")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/", "/api/v2", "/oauth/token/", "//oauth/token", "/OAUTH/TOKEN", "/api/%2e%2e/x", "/ü", "/a%0d%0ab"]
)
def test_an_unknown_path_is_404_in_json(mock: Mock, path: str) -> None:
    refused(mock.http.post(path, headers=mock.headers), 404, "route.unknown", "not.found")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
@pytest.mark.parametrize("path", ROUTES)
def test_another_method_is_405_with_allow(mock: Mock, path: str, method: str) -> None:
    answer = mock.http.request(method, path, headers=mock.headers)
    refused(answer, 405, "route.method", "method.not.allowed")
    assert answer.headers["Allow"] == "POST"


def test_a_head_is_answered_without_a_body(mock: Mock) -> None:
    answer = mock.http.head("/oauth/token")
    assert (answer.status_code, answer.content) == (405, b"")


# -- shape -----------------------------------------------------------------------------------------------------------


def test_every_answer_has_its_headers(mock: Mock) -> None:
    created = mock.create()
    assert created.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
    assert created.headers["Date"] == "Wed, 18 Nov 2026 11:06:40 GMT"
    assert [created.headers[f"inin-ratelimit-{name}"] for name in ("count", "allowed", "reset")] == ["0", "300", "60"]
    assert "Dayfly-Reason" not in created.headers
    assert len(created.headers.get_list("Content-Length")) == 1


def test_the_date_follows_the_clock(mock: Mock) -> None:
    mock.clock.advance(3600)
    assert mock.create().headers["Date"] == "Wed, 18 Nov 2026 12:06:40 GMT"


def test_the_document_is_served(mock: Mock) -> None:
    answer = mock.http.get("/openapi.json")
    assert answer.json() == openapi.document()
    answer = mock.http.post("/openapi.json")
    refused(answer, 405, "route.method", "method.not.allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_the_documents_head_is_that_of_the_document(mock: Mock) -> None:
    got, head = mock.http.get("/openapi.json"), mock.http.head("/openapi.json")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_a_body_may_come_in_gzip(mock: Mock) -> None:
    content = gzip.compress(json.dumps({"webChatSessionId": mock.session(), "text": "hello"}).encode())
    headers = {**mock.headers, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert mock.send(content=content, headers=headers).status_code == 200
    refused(mock.send(content=content, headers={**headers, "Content-Encoding": "br"}), 415, "body.media-type")


@pytest.mark.parametrize("body", [b"x" * (1 << 20), b"[" + b"[]," * 300_000 + b"1]", b'"' + b'\\"' * 400_000 + b'"'])
def test_a_large_body_that_is_wrong_is_refused_for_what_it_is(mock: Mock, body: bytes) -> None:
    headers = {**mock.headers, "Content-Type": "application/json"}
    assert mock.send(content=body, headers=headers).status_code == 400
    assert mock.send(content=body, headers={"Content-Type": "application/json"}).status_code == 401


def test_a_large_text_may_have_many_commas(mock: Mock) -> None:
    Control(mock.assembly).tenant("default").set_policy({"max_text": 500_000})
    for text in ("," * 400_000, ',"\\[' * 100_000):
        assert mock.send(mock.session(), text).status_code == 200
        assert mock.send(text=text, json={"text": text}).status_code == 400


def test_an_opaque_server_tells_no_reason(mock: Mock) -> None:
    mock.assembly.handler.opaque = True
    answer = mock.send()
    assert answer.status_code == 403
    assert "Dayfly-Reason" not in answer.headers


class TestPolicy:
    """With a policy other than the default."""

    @pytest.fixture
    def settings(self) -> Settings:
        from mockserver.settings import policy_from

        values = {
            "handshakes": 2,
            "rate_limit_per_minute": 3,
            "max_tokens_per_client": 1,
            "max_text": 5,
            "token_idle_timeout": 50,
        }
        return Settings(policy=policy_from(values))

    def test_the_second_handshake_consumes(self, mock: Mock) -> None:
        session = mock.session()
        assert [mock.send(session, "hi").status_code for _ in range(2)] == [200, 200]
        mock.clock.advance(60)
        mock.login()
        refused(mock.send(session, "hi"), 403, "session.consumed")

    def test_a_request_over_the_limit_is_429_with_whole_seconds_to_wait(self, mock: Mock) -> None:
        counts = [mock.create().headers["inin-ratelimit-count"] for _ in range(3)]
        assert counts == ["1", "2", "3"]
        mock.clock.advance(0.5)
        answer = mock.create()
        refused(answer, 429, "rate.limited", "too.many.requests.retry.after")
        assert answer.headers["Retry-After"] == "60"
        assert answer.json()["message"] == "Rate limit exceeded the maximum. Retry the request in [60] seconds"

    def test_the_oldest_token_is_evicted(self, mock: Mock) -> None:
        old = dict(mock.headers)
        mock.login()
        refused(mock.create(headers=old), 401, "auth.evicted", "bad.credentials")
        assert mock.create().status_code == 200

    def test_an_idle_token_is_expired_and_a_used_one_is_not(self, mock: Mock) -> None:
        mock.clock.advance(49)
        assert mock.create().status_code == 200
        mock.clock.advance(49)
        assert mock.create().status_code == 200
        mock.clock.advance(50)
        refused(mock.create(), 401, "auth.idle", "credentials.expired")

    def test_the_policy_bounds_the_text(self, mock: Mock) -> None:
        refused(mock.send(text="123456"), 400, "body.invalid", "constraint.validation")
