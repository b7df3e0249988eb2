"""Bodies in gzip: unpacked within the same bounds as all others, and whatever else is packed is refused."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import httpx
import pytest

from mockserver.control import Tenant
from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED
from mockserver.journal import Arrival
from mockserver.wire import MAX_READ, Request
from mockserver.wire.encoding import whole
from mockserver.wire.serving import LARGE
from tests.mockserver.conftest import Mock

Send = Callable[..., tuple[int, str | None, str]]


def sent(mock: Mock, body: bytes, encoding: str = "gzip") -> httpx.Response:
    headers = {**mock.headers, "Content-Type": "application/json", "Content-Encoding": encoding}
    return mock.send(content=body, headers=headers)


def message(mock: Mock, text: str = "Welcome back") -> bytes:
    return json.dumps({"webChatSessionId": mock.session(), "text": text}).encode()


def told(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("Dayfly-Reason")


def arrival(mock: Mock) -> Arrival:
    entries = mock.assembly.store.entries(DEFAULT_ORGANIZATION)
    return [entry for entry in entries if isinstance(entry, Arrival)][-1]


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_a_packed_message_is_accepted_and_journalled_unpacked(mock: Mock, encoding: str) -> None:
    body = message(mock)
    assert told(sent(mock, gzip.compress(body), encoding)) == (200, None)
    assert (arrival(mock).body, arrival(mock).size) == (json.loads(body), len(body))


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_what_is_called_plain_is_read_as_it_is(mock: Mock, encoding: str) -> None:
    assert sent(mock, message(mock), encoding).status_code == 200


def test_no_body_needs_no_unpacking(mock: Mock) -> None:
    assert mock.create(content=b"", headers={**mock.headers, "Content-Encoding": "gzip"}).status_code == 200


def test_a_large_message_is_unpacked_whole(mock: Mock, tenant: Tenant) -> None:
    tenant.set_policy({"max_text": 200_000})
    text = "\N{SPOUTING WHALE}" * 50_000
    assert sent(mock, gzip.compress(message(mock, text))).status_code == 200
    assert arrival(mock).truncated


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "gzip;q=1", "x" * 2000])
def test_any_other_encoding_is_415_and_the_answer_says_what_to_use(mock: Mock, encoding: str) -> None:
    session = mock.session()
    body = json.dumps({"webChatSessionId": session, "text": "x"}).encode()
    answer = sent(mock, body, encoding)
    assert told(answer) == (415, "body.media-type")
    assert "application/json, with no Content-Encoding but gzip" in answer.json()["message"]
    assert sent(mock, body, "identity").status_code == 200


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda packed: packed[:-9], "ends too early"),
        (lambda packed: packed[:5], "ends too early"),
        (lambda packed: packed[:-5] + b"\0" * 5, "incorrect"),
        (lambda packed: packed + b"x", "something follows"),
        (lambda packed: packed + packed, "something follows"),
        (gzip.decompress, "incorrect header"),
        (zlib.compress, "incorrect header"),
        (lambda packed: packed[:20] + b"\xff" * 20 + packed[40:], "invalid"),
    ],
)
def test_a_body_that_is_not_whole_gzip_is_400_and_consumes_nothing(
    mock: Mock, spoil: Callable[[bytes], bytes], words: str
) -> None:
    body = message(mock)
    answer = sent(mock, spoil(gzip.compress(body)))
    assert told(answer) == (400, "body.not-json")
    assert words in answer.json()["message"]
    assert sent(mock, gzip.compress(body)).status_code == 200


def test_the_bound_is_on_what_comes_out(mock: Mock, tenant: Tenant) -> None:
    tenant.set_policy({"max_body": 1000})
    fits, too_large = (b'{"guest": ' + b" " * size + b"null}" for size in (1000 - 15, 1001 - 15))
    assert told(sent(mock, gzip.compress(fits))) == (400, "body.invalid")
    assert told(sent(mock, gzip.compress(too_large))) == (413, "body.too-large")


@pytest.mark.parametrize("size", [LARGE, LARGE + 1, 1 << 20, (1 << 20) + 1, MAX_READ, MAX_READ + 1, 1 << 28])
def test_a_bomb_is_too_large_however_small_it_comes(mock: Mock, size: int) -> None:
    packer = zlib.compressobj(wbits=31)
    packed = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)), packer.compress(bytes(size % (1 << 20)))])
    reason = "body.not-json" if size <= 1 << 20 else "body.too-large"
    assert told(sent(mock, packed + packer.flush()))[1] == reason
    assert arrival(mock).size == min(size, (1 << 20) + 1)


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "Bearer made-up"}])
def test_a_bomb_of_a_stranger_is_401_and_is_not_unpacked(mock: Mock, authorization: dict[str, str]) -> None:
    mock.headers = authorization
    assert sent(mock, gzip.compress(bytes(1 << 24))).status_code == 401
    (last,) = [entry for entry in mock.assembly.store.entries(UNASSIGNED) if isinstance(entry, Arrival)]
    assert last.size == LARGE + 1


def test_no_more_is_unpacked_than_any_policy_takes() -> None:
    packer = zlib.compressobj(wbits=31)
    packed = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(64)), packer.flush()])
    request = whole(Request(method="POST", path="/", body=packed, size=len(packed)))
    assert len(request.body) == MAX_READ
    assert MAX_READ < request.size < MAX_READ + (1 << 20)


@pytest.mark.parametrize(
    ("pack", "encoding", "status"),
    [
        (gzip.compress, "gzip", 200),
        (lambda form: gzip.compress(form)[:-4], "gzip", 400),
        (lambda form: gzip.compress(form + b"&x=" + b"y" * 70_000), "gzip", 400),
        (lambda form: form, "br", 415),
    ],
)
def test_a_token_request_too(mock: Mock, pack: Callable[[bytes], bytes], encoding: str, status: int) -> None:
    settings = mock.assembly.settings
    answer = mock.http.post(
        "/oauth/token",
        content=pack(b"grant_type=client_credentials"),
        auth=(settings.client_id, settings.client_secret),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": encoding},
    )
    assert answer.status_code == status


def test_a_secret_in_a_packed_body_is_seen_and_hidden(mock: Mock) -> None:
    body = json.dumps({"webChatSessionId": mock.session(), "text": mock.headers["Authorization"]}).encode()
    sent(mock, gzip.compress(body))
    assert "body" in arrival(mock).credential.seen_in
    assert mock.headers["Authorization"][7:] not in str(arrival(mock))
