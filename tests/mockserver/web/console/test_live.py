"""The events that the console's pages follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver.control import Tenant
from mockserver.web.delivery import PAUSE
from mockserver.web.streaming import MAX_FOLLOWERS
from tests.mockserver.conftest import Mock
from tests.mockserver.web.console.conftest import CONSOLE, DEFAULT

EVENTS = f"{DEFAULT}/events"


def once(_: float) -> bool:
    """A server that is about to stop: a stream ends after its first look."""
    return True


def told(browser: FlaskClient, address: str = EVENTS, **options: Any) -> list[tuple[str, int | None, Any]]:
    """Return the first events of a stream: kind, place and value of each."""
    answer = browser.get(address, environ_base={PAUSE: once, "REMOTE_ADDR": "127.0.0.1"}, **options)
    assert answer.mimetype == "text/event-stream"
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.split("\n\n") if block]
    return [
        (block["event"], int(block["id"]) if "id" in block else None, msgspec.json.decode(block["data"])) for block in blocks
    ]


def news(events: list[tuple[str, int | None, Any]]) -> tuple[int | None, Any]:
    """The place and the value of the one event that has news."""
    ((place, value),) = [(place, value) for kind, place, value in events if kind == "news"]
    return place, value


def test_it_tells_what_came_after_a_place_and_goes_on_from_there(mock: Mock, tenant: Tenant, browser: FlaskClient) -> None:
    start = tenant.requests.newest()
    session = mock.session()
    tenant.clock.advance(1)
    place, value = news(told(browser, f"{EVENTS}?after={start}&rows=1"))
    assert place == tenant.requests.newest()
    assert (value["requests"], value["done"], [row["seq"] for row in value["rows"]]) == (1, ["advance"], [start + 1])
    assert value["now"] == tenant.clock.now()
    mock.send(session)
    _, later = news(told(browser, f"{EVENTS}?after={start}&rows=1", headers={"Last-Event-ID": str(place)}))
    assert [row["html"].count("message.accepted") for row in later["rows"]] == [1]
    assert [kind for kind, _, _ in told(browser, f"{EVENTS}?after={tenant.requests.newest()}")] == ["time"]


def test_rows_are_told_where_they_are_wanted_and_pass_the_filter(mock: Mock, browser: FlaskClient) -> None:
    session = mock.session()
    mock.send(session)
    mock.send(session)
    assert news(told(browser, f"{EVENTS}?after=0"))[1]["rows"] == []
    _, value = news(told(browser, f"{EVENTS}?after=0&rows=1&status=403&guest=ANN"))
    assert (value["requests"], value["matching"], len(value["rows"])) == (4, 1, 1)


def test_of_a_flood_the_newest_rows_are_told(mock: Mock, browser: FlaskClient) -> None:
    for number in range(210):
        mock.send("{{id}}", f"message {number}")
    _, value = news(told(browser, f"{EVENTS}?after=0&rows=1"))
    assert (value["matching"], len(value["rows"])) == (211, 200)
    assert "message 209" in value["rows"][-1]["html"]


def test_a_journal_that_began_anew_is_told(browser: FlaskClient) -> None:
    assert [kind for kind, _, _ in told(browser, f"{EVENTS}?after=77")] == ["anew"]


def test_an_organisation_that_is_gone_is_told(browser: FlaskClient) -> None:
    assert [kind for kind, _, _ in told(browser, f"{CONSOLE}/organizations/deadbeef/events")] == ["gone"]


@pytest.mark.parametrize("place", ["x", "-1", "1" * 16, "٣"])
def test_what_is_no_place_is_refused(browser: FlaskClient, place: str) -> None:
    assert browser.get(f"{EVENTS}?after={place}").status_code == 400


@pytest.fixture
def crowd(app: Flask) -> Iterator[FlaskClient]:
    """So many streams are open that there is room for no other."""
    browser = app.test_client()
    followed = [browser.get(EVENTS, buffered=False) for _ in range(MAX_FOLLOWERS)]
    yield browser
    for stream in followed:
        stream.close()


def test_where_too_many_follow_it_tells_what_has_come_and_when_to_look_again(crowd: FlaskClient, mock: Mock) -> None:
    answer = crowd.get(f"{EVENTS}?after=0&rows=1")
    assert answer.text.startswith("retry: 2000\n")
    kinds = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert kinds == ["time", "full", "news"]


def test_who_leaves_makes_room(crowd: FlaskClient, app: Flask) -> None:
    assert "event: full" in crowd.get(EVENTS).text
    followed = crowd.get(EVENTS)
    followed.close()
    assert "event: full" in crowd.get(EVENTS).text  # who was told to look again took no room


def test_requests_that_name_no_organisation_are_told_once_to_a_page_that_shows_them(mock: Mock, browser: FlaskClient) -> None:
    mock.create(headers={"Authorization": "Bearer made-up"})
    after = f"{EVENTS}?after=2"
    assert [kind for kind, _, _ in told(browser, after)] == ["time"]
    assert [kind for kind, _, _ in told(browser, f"{after}&strays=0")] == ["time", "strays"]
    assert [kind for kind, _, _ in told(browser, f"{after}&strays=2")] == ["time"]
