"""Following a journal: nothing is missed and nothing comes twice, whatever becomes of the connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any

import flask
import httpx
import pytest
from click import ClickException
from flask import Flask, Response

from contracts.cli.following import Journal, Strays, merged
from mockserver.journal import Perturbed
from mockserver.journal_queries import Exchange
from mockserver.live import LiveServer
from mockserver.web import create_app

Start = Callable[..., tuple[str, list[str]]]


def event(seq: int) -> str:
    told = {"type": "perturbed", "seq": seq, "at": seq, "what": "advance", "detail": {"line": "a\u2028b"}}
    return f"id: {seq}\nevent: perturbed\ndata: {json.dumps(told, ensure_ascii=False)}\n\n"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a mock of the mock: its stream is answered by the texts given, one a connection, and then by 404.

    Gives its URL, and the list of the events that those who come back say they saw last.
    """
    with ExitStack() as servers:

        def begin(*streams: str) -> tuple[str, list[str]]:
            app, seen, left = Flask(__name__), list[str](), list(streams)

            @app.get("/__admin/organizations/default/requests")
            def requests() -> Any:
                if "follow" not in flask.request.args:
                    return {"newest": 7, "requests": [], "next": None}
                seen.append(flask.request.headers["Last-Event-ID"])
                if left:
                    return Response(left.pop(0), mimetype="text/event-stream")
                return {"error": {"code": "not.found", "message": "it was deleted"}}, 404

            return servers.enter_context(LiveServer(app)).url, seen

        yield begin


def test_a_lost_stream_goes_on_after_what_came_last(start: Start) -> None:
    url, seen = start(event(8) + event(9), ": nothing new\n\n", event(10))
    losses, waits = list[str](), list[float]()
    journal = Journal(url, "default", "", {})
    assert journal.last(10) == []

    stream = journal.follow(losses.append, waits.append)
    came = [next(stream) for _ in range(3)]
    with pytest.raises(ClickException, match="answers 404: it was deleted"):
        next(stream)

    assert [item.seq for item in came] == [8, 9, 10]
    assert seen == ["7", "9", "9", "10"]
    assert (len(losses), waits) == (3, [1.0, 1.0, 1.0])


def test_a_line_of_a_text_is_no_line_of_the_stream(start: Start) -> None:
    url, _ = start(event(8))
    came = next(Journal(url, "default", "", {}).follow(pytest.fail))
    assert isinstance(came, Perturbed)
    assert came.detail == {"line": "a\u2028b"}


def test_the_stream_of_a_deleted_organisation_ends_in_words(start: Start) -> None:
    url, _ = start('event: error\ndata: {"message": "it is gone"}\n\n')
    with pytest.raises(ClickException, match="it is gone"):
        list(Journal(url, "default", "", {}).follow(pytest.fail))


def test_a_mock_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(ClickException, match="there is no mock at"):
        Journal("http://127.0.0.1:1", "default", "", {}).last(1)


@pytest.mark.parametrize("page", [{"a": 1}, "<p>Welcome"])
def test_an_answer_that_is_no_mocks_is_told(page: Any) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:_>", view_func=lambda _: page)
    with LiveServer(app) as server:
        for asks in (Journal(server.url, "default", "", {}).last, lambda _: Strays(server.url, "default", "", {})):
            with pytest.raises(ClickException, match=f"what answers at {server.url} is not a mock: /__admin/"):
                asks(1)


def test_the_last_requests_come_in_order_and_the_next_ones_after_them() -> None:
    with LiveServer(create_app()) as server:
        for path in ("/one", "/two", "/three"):
            httpx.get(server.url + path)
        journal = Journal(server.url, "unassigned", "", {})
        assert [exchange.path for exchange in journal.last(2)] == ["/two", "/three"]

        httpx.get(server.url + "/four")
        came = next(journal.follow(pytest.fail))
    assert isinstance(came, Exchange)
    assert came.path == "/four"


def test_streams_are_merged_until_the_first_ends_or_one_fails() -> None:
    assert sorted(merged(iter([1, 2]), iter([]))) == [1, 2]

    def fails() -> Iterator[int]:
        yield 3
        raise ClickException("no more")

    endless = (0 for _ in iter(Event().wait, None))
    came = merged(endless, fails())
    assert next(came) == 3
    with pytest.raises(ClickException, match="no more"):
        next(came)
