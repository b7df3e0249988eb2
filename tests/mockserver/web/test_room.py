"""Large bodies take room, and give it back."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from mockserver.assemble import Assembly
from mockserver.web import create_app, fast_lane
from mockserver.web.room import PIECE, Held, Room
from mockserver.wire import MAX_READ

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


def call(assembly: Assembly, body: Body, length: int | None, path: str = SEND) -> tuple[int, dict[str, str]]:
    app, answered = create_app(assembly), list[Any]()
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


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("path", [SEND, "/oauth/token"])
def test_a_body_without_room_is_503_and_read_to_its_end(assembly: Assembly, room: Room, length: bool, path: str) -> None:
    body = Body(b"x" * 400_000)
    status, headers = call(assembly, body, 400_000 if length else None, path)
    assert (status, headers["Dayfly-Reason"]) == (503, "capacity.bodies")
    assert (body.tell(), body.largest) == (400_000, PIECE)
    assert room.take(300_000)


def test_a_body_with_room_is_read_and_its_room_given_back(assembly: Assembly, room: Room) -> None:
    status, _ = call(assembly, Body(b"x" * 300_000), 300_000)
    assert status == 401
    assert room.take(300_000)


def test_a_small_body_needs_no_room(assembly: Assembly, room: Room) -> None:
    room.take(300_000)
    for length in (PIECE, None):
        assert call(assembly, Body(b"x" * PIECE), length)[0] == 401


def test_no_more_is_read_than_any_policy_allows(assembly: Assembly) -> None:
    body = Body(b"x" * (MAX_READ + 10))
    assert call(assembly, body, MAX_READ + 10)[0] == 401
    assert body.tell() == MAX_READ
    endless = Body(b"x" * (MAX_READ + 10))
    assert call(assembly, endless, None)[0] == 401
    assert endless.tell() == MAX_READ + 1
