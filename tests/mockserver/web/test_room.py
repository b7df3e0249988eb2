"""Large bodies take room, and give it back."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from mockserver.control import Tenant
from mockserver.web import create_app, fast_lane
from mockserver.web.room import BEGINNING, PIECE, SMALL, Held, Room
from mockserver.wire import MAX_READ
from tests.mockserver.conftest import Mock

SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"


class Body(BytesIO):
    """A body that tells how much was read of it at once at most."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        self.largest = max(self.largest, size if size >= 0 else MAX_READ)
        return super().read(size)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    room = Room(300_000)
    monkeypatch.setattr(fast_lane, "ROOM", room)
    return room


def call(mock: Mock, body: Body, length: int | None, path: str = SEND) -> tuple[int, dict[str, str]]:
    app, answered = create_app(mock.assembly), list[Any]()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/json",
        "wsgi.input": body,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {"CONTENT_LENGTH": str(length)}
    environ |= {"HTTP_AUTHORIZATION": mock.headers["Authorization"]} if mock.headers else {}
    start: Any = lambda status, headers: answered.extend((int(status[:3]), dict(headers)))  # noqa: E731
    list(app(environ, start))
    return answered[0], answered[1]


def test_what_is_held_is_bounded_and_comes_back() -> None:
    room = Room(10)
    with Held(room) as one, Held(room) as other:
        assert one.take(6)
        assert not other.take(5)
        assert other.take(4)
    assert room.take(10)


@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_without_room_is_503_and_read_to_its_end(mock: Mock, room: Room, has_length: bool) -> None:
    body = Body(b"x" * 500_000)
    status, headers = call(mock, body, 500_000 if has_length else None)
    assert (status, headers["Dayfly-Reason"]) == (503, "capacity.bodies")
    assert (body.tell(), body.largest) == (500_000, PIECE)
    assert room.take(300_000)


def test_a_body_with_room_is_read_and_its_room_given_back(mock: Mock, room: Room) -> None:
    text = '{"webChatSessionId": "x", "text": "' + "x" * 3000 + '"' + " " * 290_000 + "}"
    assert call(mock, Body(text.encode()), len(text))[1]["Dayfly-Reason"] == "session.unknown"
    assert room.take(300_000)


@pytest.mark.parametrize("has_length", [True, False])
def test_what_the_policy_does_not_take_needs_no_room(mock: Mock, tenant: Tenant, room: Room, has_length: bool) -> None:
    tenant.set_policy({"max_body": 200_000})
    size = BEGINNING + 290_000
    assert call(mock, Body(b"x" * size), size if has_length else None)[0] == 413
    assert room.take(300_000)


@pytest.mark.parametrize("path", [SEND, "/oauth/token", "/nowhere"])
def test_what_a_stranger_sends_takes_room_for_its_beginning_alone(mock: Mock, room: Room, path: str) -> None:
    mock.headers = {}
    for length in (1 << 20, None):
        assert call(mock, Body(b"x" * (1 << 20)), length, path)[0] in {401, 404, 415}
    assert room.take(300_000)


def test_a_body_that_is_not_large_needs_no_room(mock: Mock, room: Room) -> None:
    room.take(300_000)
    for length in (SMALL, None):
        assert call(mock, Body(b"x" * SMALL), length)[0] == 400


def test_no_more_is_read_than_any_policy_allows(mock: Mock) -> None:
    body = Body(b"x" * (MAX_READ + 10))
    assert call(mock, body, MAX_READ + 10)[0] == 413
    assert body.tell() == MAX_READ
    endless = Body(b"x" * (MAX_READ + 10))
    assert call(mock, endless, None)[0] == 413
    assert endless.tell() == MAX_READ + 1
