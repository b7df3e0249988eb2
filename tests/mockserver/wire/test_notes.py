"""The journal's record of requests and answers, and what it keeps secret."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.assemble import Assembly, assemble
from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED
from mockserver.errors import SettingsError
from mockserver.ids import pseudonym
from mockserver.journal import Answer, Arrival, decode, encode
from mockserver.settings import Settings
from mockserver.wire import Request
from mockserver.wire.notes import KEPT, MARGIN
from tests.mockserver.conftest import START, Mock


def entries(assembly: Assembly, kind: Any) -> list[Any]:
    return [entry for entry in assembly.store.entries(DEFAULT_ORGANIZATION) if isinstance(entry, kind)]


def last(mock: Mock) -> tuple[Arrival, Answer]:
    return entries(mock.assembly, Arrival)[-1], entries(mock.assembly, Answer)[-1]


def test_an_exchange_is_told_from_its_arrival_to_its_answer(mock: Mock) -> None:
    session = mock.session()
    mock.send(session, "hello: world")
    arrival, answer = last(mock)
    assert arrival.operation == "send"
    assert (arrival.at, arrival.context_id) == (START, answer.context_id)
    assert arrival.body == {"webChatSessionId": session, "text": "hello: world"}
    assert (answer.status, answer.reason, answer.accepted, answer.acted) == (200, "message.accepted", True, START)
    assert answer.session is not None
    assert (answer.session.id, answer.session.version) == (session, 2)
    assert (answer.session.before, answer.session.after) == ("active", "consumed")


def test_a_refusal_leaves_the_session_in_its_state(mock: Mock) -> None:
    session = mock.session()
    mock.send(session)
    mock.send(session)
    change = last(mock)[1].session
    assert change is not None
    assert (change.version, change.before, change.after) == (2, "consumed", "consumed")


def test_entries_are_one_line_each_and_read_back_as_they_were(mock: Mock) -> None:
    mock.send("x\r\n\u2028y", "line\nbreak \U0001f98b \u202e")
    for entry in mock.assembly.store.entries(DEFAULT_ORGANIZATION):
        line = encode(entry)
        assert b"\n" not in line
        assert decode(line) == entry


def test_no_secret_is_told_and_each_token_keeps_its_identity(mock: Mock) -> None:
    token = mock.headers["Authorization"].removeprefix("Bearer ")
    secret = mock.assembly.settings.client_secret
    mock.http.post(f"/api/v2/x?access_token={token}&client_secret={secret}&a=b", headers=mock.headers)
    mock.send(text=f"my token is {token} and my secret {secret}")
    mock.login(client_secret=secret)
    told = b"".join(encode(entry) for entry in mock.assembly.store.entries(DEFAULT_ORGANIZATION))
    assert token.encode() not in told
    assert secret.encode() not in told
    assert {entry.credential.token for entry in entries(mock.assembly, Arrival) if entry.operation == "send"} == {
        pseudonym(token)
    }
    assert entries(mock.assembly, Answer)[0].token == pseudonym(token)


@pytest.mark.parametrize(
    ("path", "body", "seen_in"),
    [
        ("/x", b"{}", ("header",)),
        ("/x?token=TOKEN", b"{}", ("header", "url")),
        ("/TOKEN", b"{}", ("header", "url")),
        ("/x", b'{"token": "TOKEN"}', ("header", "body")),
        ("/x", b'{"client_secret": "anything"}', ("header", "body")),
        ("/x?client_secret=anything", b"SECRET", ("header", "url", "body")),
        ("/x", b'{"Authorization": "Basic BASIC"}', ("header", "body")),
        ("/x", b'{"note": ["sent with BASIC"]}', ("header", "body")),
        ("/x", b"curl: BASIC", ("header", "body")),
        ("/BASIC", b"{}", ("header", "url")),
    ],
)
def test_where_credentials_were_seen_is_told(mock: Mock, path: str, body: bytes, seen_in: tuple[str, ...]) -> None:
    token, secret = mock.headers["Authorization"].removeprefix("Bearer "), mock.assembly.settings.client_secret
    shown = {"TOKEN": token, "SECRET": secret, "BASIC": basic_of(mock)}
    for name, value in shown.items():
        path, body = path.replace(name, value), body.replace(name.encode(), value.encode())
    mock.http.post(path, content=body, headers=mock.headers)
    arrival = last(mock)[0]
    assert arrival.credential.seen_in == seen_in
    assert [name for name, value in shown.items() if value in encode(arrival).decode()] == []


ENCODED: dict[str, Callable[[str], str]] = {
    "percent": lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64url": lambda text: urlsafe_b64encode(f"{text}???".encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("where", ["/x?key=VALUE", "/x?a=1&key=VALUE", "/x/VALUE/y"])
@pytest.mark.parametrize("what", ["token", "secret"])
def test_so_they_are_where_they_are_encoded(mock: Mock, where: str, what: str, encoded: Callable[[str], str]) -> None:
    shown = mock.headers["Authorization"].removeprefix("Bearer ") if what == "token" else mock.assembly.settings.client_secret
    mock.http.post(where.replace("VALUE", encoded(shown)), content=b"{}", headers=mock.headers)
    arrival = last(mock)[0]
    assert arrival.credential.seen_in == ("header", "url")
    assert "REDACTED" in arrival.path
    assert encoded(shown) not in arrival.path


@pytest.mark.parametrize(
    ("header", "value", "place"),
    [
        ("X-Api-Key", "TOKEN", "header:x-api-key"),
        ("X-Api-Key", "SECRET", "header:x-api-key"),
        ("X-Client", "id=1; key=SECRET", "header:x-client"),
        ("Cookie", "a=b; session=TOKEN", "cookie"),
        ("Proxy-Authorization", "Basic BASIC", "header:proxy-authorization"),
        ("Referer", "https://example.com/?token=TOKEN", "header:referer"),
        ("User-Agent", "app/1.0 (SECRET)", "header:user-agent"),
        ("X-Percent", "%53ECRET_TAIL", "header:x-percent"),
        ("X-Signed", "BASE64", "header:x-signed"),
    ],
)
def test_so_they_are_in_a_header_of_their_own(mock: Mock, header: str, value: str, place: str) -> None:
    secret = mock.assembly.settings.client_secret
    token = mock.headers["Authorization"].removeprefix("Bearer ")
    tail = f"%{ord(secret[0]):02X}{secret[1:]}"
    named = {"%53ECRET_TAIL": tail, "TOKEN": token, "SECRET": secret, "BASIC": basic_of(mock)}
    named["BASE64"] = b64encode(f"key {secret}".encode()).decode()
    for name, shown in named.items():
        value = value.replace(name, shown)
    mock.send(headers={**mock.headers, header: value})
    arrival = last(mock)[0]
    assert arrival.credential.seen_in == ("header", place)
    assert secret not in encode(arrival).decode()


def test_a_header_with_nothing_secret_in_it_is_no_place(mock: Mock) -> None:
    settings = mock.assembly.settings
    mock.send(headers={**mock.headers, "X-Client-Id": settings.client_id, "Cookie": "theme=dark", "X-Request-Id": "7" * 32})
    assert last(mock)[0].credential.seen_in == ("header",)


@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_a_form_that_no_operation_takes_is_searched_too(mock: Mock, kind: str) -> None:
    secret = mock.assembly.settings.client_secret
    sent: dict[str, Any] = {"data": {"key": secret}} if kind == "form" else {"files": {"key": ("key.txt", secret)}}
    mock.create(json=None, **sent)
    arrival = last(mock)[0]
    assert arrival.credential.seen_in == ("header", "body")
    assert secret not in encode(arrival).decode()


def basic_of(mock: Mock) -> str:
    """Return the content of a Basic header of the mock's client, without padding."""
    settings = mock.assembly.settings
    return b64encode(f"{settings.client_id}:{settings.client_secret}".encode()).decode().rstrip("=")


@pytest.mark.parametrize("secret_of", [lambda mock: mock.assembly.settings.client_secret, basic_of], ids=["plain", "basic"])
def test_a_request_that_names_nobody_hides_the_secrets_that_are_known(mock: Mock, secret_of: Callable[[Mock], str]) -> None:
    mock.http.post(f"/x?anything={secret_of(mock)}")
    stray = [entry for entry in mock.assembly.store.entries(UNASSIGNED) if isinstance(entry, Arrival)][-1]
    assert stray.path == "/x?anything=[REDACTED]"
    assert stray.credential.seen_in == ("url",)


def test_a_secret_too_short_to_be_hidden_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"client_secret = '\*\*\*': must have at least 8 characters"):
        assemble(Settings(client_secret="abc"))


def test_a_text_that_only_looks_like_a_secret_is_kept(mock: Mock) -> None:
    mock.send(text="my password=hunter2")
    arrival = last(mock)[0]
    assert arrival.body == {"webChatSessionId": "prev-session-uuid", "text": "my password=hunter2"}
    assert arrival.credential.seen_in == ("header",)


def test_a_token_requests_own_secret_is_hidden_and_no_leak(mock: Mock) -> None:
    settings = mock.assembly.settings
    form = {"grant_type": "client_credentials", "client_id": settings.client_id, "client_secret": settings.client_secret}
    mock.http.post("/oauth/token", data=form)
    arrival = last(mock)[0]
    assert arrival.body == form | {"client_secret": "[REDACTED]"}
    assert arrival.credential.seen_in == ()


def test_a_password_in_a_login_is_hidden_like_a_secret(mock: Mock) -> None:
    mock.http.post("/oauth/token", data={"grant_type": "password", "username": "ann", "password": "hunter2"})
    (arrival,) = [entry for entry in mock.assembly.store.entries(UNASSIGNED) if isinstance(entry, Arrival)]
    assert arrival.body == {"grant_type": "password", "username": "ann", "password": "[REDACTED]"}


def test_a_body_that_cannot_be_decoded_is_kept_as_text_and_a_long_one_in_part(mock: Mock) -> None:
    mock.send(content=b"{not json \xff", headers=mock.headers)
    assert last(mock)[0].text == "{not json \\xff"
    mock.send(content=b"x" * (KEPT + 1), headers=mock.headers)
    arrival = last(mock)[0]
    assert (arrival.size, arrival.truncated, len(arrival.text or "")) == (KEPT + 1, True, KEPT)


def test_a_call_on_its_way_keeps_no_more_of_its_body_than_the_journal_tells(mock: Mock) -> None:
    call = mock.assembly.handler.arrive(Request(method="POST", path="/x", body=b"x" * (1 << 20), size=1 << 20))
    assert len(call.request.body) == KEPT + MARGIN


def test_an_answers_token_is_not_told(mock: Mock) -> None:
    answer = entries(mock.assembly, Answer)[0]
    assert answer.body["access_token"] == "[REDACTED]"
    assert answer.token_expires_in == 86_400


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (TRACE, TRACE),
        (f"  {TRACE} ", TRACE),
        ("cc" + TRACE[2:] + "-what-the-future-will-be-like", "cc" + TRACE[2:]),
        ("cc" + TRACE[2:], "cc" + TRACE[2:]),
        ("ff" + TRACE[2:], None),
        (TRACE + "-more", None),
        (TRACE.upper(), None),
        (TRACE[:-1], None),
        (TRACE + "0", None),
        ("00-" + "0" * 32 + TRACE[35:], None),
        (TRACE[:36] + "0" * 16 + "-01", None),
        (f"{TRACE}, {TRACE}", None),
        ("", None),
        ("x" * 5000, None),
        ("\u0660" * 55, None),
    ],
)
def test_a_valid_traceparent_is_taken_over(mock: Mock, header: str, kept: str | None) -> None:
    mock.create(headers={**mock.headers, "traceparent": header.encode()})
    assert last(mock)[0].traceparent == kept


def test_a_secret_does_not_come_in_as_a_trace(mock: Mock) -> None:
    mock.assembly.handler._secrets.add(TRACE[3:35])
    mock.create(headers={**mock.headers, "traceparent": TRACE})
    assert "REDACTED" in (last(mock)[0].traceparent or "")
    assert "header:traceparent" in last(mock)[0].credential.seen_in


def test_headers_that_decide_something_are_found_among_many(mock: Mock) -> None:
    many = {f"a-{number}": "x" for number in range(60)}
    mock.create(headers={**mock.headers, **many, "traceparent": TRACE})
    assert last(mock)[0].traceparent == TRACE


def test_a_body_of_many_values_is_shown_as_text(mock: Mock) -> None:
    mock.create(content=b"[" + b"[]," * 2000 + b"1]", headers={**mock.headers, "Content-Type": "application/json"})
    arrival, _ = last(mock)
    assert (arrival.text or "").startswith("[[],[],")
