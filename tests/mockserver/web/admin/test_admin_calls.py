"""The control API's calls and their effects."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver.control import Control, Tenant
from mockserver.control.requests import Filter
from mockserver.journal import Header, read
from mockserver.web.admin.follow import events
from mockserver.web.delivery import PAUSE
from mockserver.web.streaming import MAX_FOLLOWERS, QUIET
from tests.mockserver.conftest import START, ManualClock, Mock
from tests.mockserver.web.admin.conftest import ORGANIZATION, problem

NOW = START / 1000


def test_a_team_gets_a_world_of_its_own(admin: FlaskClient, mock: Mock) -> None:
    made: Any = admin.post("/__admin/organizations", json={"name": "team", "policy": {"idle_timeout": 2}}).json
    answer = mock.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(made["client_id"], made["client_secret"])
    )
    mock.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    session = mock.session()
    admin.post(f"/__admin/organizations/{made['id']}/clock/advance", json={"seconds": 2})
    refused = mock.send(session)
    assert refused.headers["Dayfly-Reason"] == "session.idle"
    told: Any = admin.get(f"/__admin/requests/{refused.headers['ININ-Correlation-Id']}/explain").json
    assert (told["organization"], told["session"]["first_cause"]["state"]) == (made["id"], "idle")
    assert admin.delete(f"/__admin/organizations/{made['id']}").status_code == 204
    assert mock.create().status_code == 401


def test_secrets_are_told_once(admin: FlaskClient) -> None:
    made: Any = admin.post(f"{ORGANIZATION}/clients", json={"name": "billing"}).json
    secret = made["client_secret"]
    for path in ("/__admin/organizations", ORGANIZATION, f"{ORGANIZATION}/clients", f"{ORGANIZATION}/trace"):
        assert secret not in admin.get(path).text


def test_lists_of_tokens_and_sessions_say_where_to_go_on(admin: FlaskClient, mock: Mock) -> None:
    mock.login()
    sessions = [mock.session() for _ in range(3)]
    page: Any = admin.get(f"{ORGANIZATION}/sessions?limit=2").json
    assert ([session["id"] for session in page["sessions"]], page["now"]) == (sessions[:2], NOW)
    rest: Any = admin.get(f"{ORGANIZATION}/sessions?limit=2&after={page['next']}").json
    assert ([session["id"] for session in rest["sessions"]], rest["next"]) == (sessions[2:], None)
    tokens: Any = admin.get(f"{ORGANIZATION}/tokens?limit=1").json
    others: Any = admin.get(f"{ORGANIZATION}/tokens?after={tokens['next']}").json
    assert len(tokens["tokens"]) == len(others["tokens"]) == 1


def test_requests_are_found_and_counted(admin: FlaskClient, mock: Mock) -> None:
    for number in range(3):
        mock.send(text=f"message {number}")
    found: Any = admin.get(f"{ORGANIZATION}/requests?status=403&limit=2").json
    assert [request["text"] for request in found["requests"]] == ["message 2", "message 1"]
    rest: Any = admin.get(f"{ORGANIZATION}/requests?status=403&limit=2&before={found['next']}").json
    assert ([request["text"] for request in rest["requests"]], rest["next"]) == (["message 0"], None)
    assert admin.get(f"{ORGANIZATION}/requests/count?reason=session.unknown").json == {"count": 3}


def test_a_trace_is_json_lines(admin: FlaskClient, mock: Mock) -> None:
    mock.session()
    answer = admin.get(f"{ORGANIZATION}/trace")
    header, *entries = read(answer.data.splitlines())
    assert answer.mimetype == "application/x-ndjson"
    assert isinstance(header, Header)
    assert len(entries) == 4
    assert len(admin.get(f"{ORGANIZATION}/trace?after=3").data.splitlines()) == 2


@pytest.mark.parametrize(
    ("query", "accept", "mimetype"),
    [
        ("", None, "application/json"),
        ("", "*/*", "application/json"),
        ("", "application/json, text/plain", "application/json"),
        ("", "text/plain", "text/plain"),
        ("", "text/plain, */*;q=0.1", "text/plain"),
        ("?format=text", "application/json", "text/plain"),
        ("?format=json", "text/plain", "application/json"),
    ],
)
def test_an_explanation_comes_as_it_is_wanted(
    admin: FlaskClient, mock: Mock, query: str, accept: str | None, mimetype: str
) -> None:
    context_id = mock.send().headers["ININ-Correlation-Id"]
    headers = {"Accept": accept} if accept else {}
    for base in ("/__admin", ORGANIZATION):
        answer = admin.get(f"{base}/requests/{context_id}/explain{query}", headers=headers)
        assert answer.mimetype == mimetype
        assert "session.unknown" in answer.text


def test_a_text_is_as_wide_as_is_asked(admin: FlaskClient, mock: Mock) -> None:
    context_id = mock.send().headers["ININ-Correlation-Id"]
    narrow = admin.get(f"/__admin/requests/{context_id}/explain?format=text&width=70").text
    assert 60 < max(map(len, narrow.splitlines())) <= 70


def test_an_organization_does_not_tell_anothers_stories(admin: FlaskClient, mock: Mock) -> None:
    made: Any = admin.post("/__admin/organizations").json
    context_id = mock.send().headers["ININ-Correlation-Id"]
    answer = admin.get(f"/__admin/organizations/{made['id']}/requests/{context_id}/explain")
    assert problem(answer)[:2] == (404, "not.found")
    assert "belongs to another organisation, 00000000" in answer.text


def test_metrics_count_what_there_is(admin: FlaskClient, mock: Mock, clock: ManualClock) -> None:
    mock.session()
    made: Any = admin.post("/__admin/organizations").json
    clock.advance(1)
    answer = admin.get("/__admin/metrics")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert lines == [
        "dayfly_organizations 2",
        'dayfly_sessions_live{organization="00000000"} 1',
        f'dayfly_sessions_live{{organization="{made["id"]}"}} 0',
        'dayfly_journal_entries_total{organization="00000000"} 4',
        f'dayfly_journal_entries_total{{organization="{made["id"]}"}} 0',
        f"dayfly_start_time_seconds {NOW:.3f}",
    ]


class Event(dict[str, str]):
    """A server-sent event's fields."""

    @property
    def told(self) -> Any:
        return json.loads(self["data"])


def parsed(stream: bytes) -> list[Event]:
    blocks = stream.decode().split("\n\n")
    fields = [[line.partition(": ")[::2] for line in block.splitlines()] for block in blocks]
    return [Event(block) for block in fields if "data" in dict(block)]


class TestFollowing:
    def follow(self, admin: FlaskClient, query: str = "", last: str | None = None) -> list[Event]:
        headers = {} if last is None else {"Last-Event-ID": last}
        answer = admin.get(f"{ORGANIZATION}/requests?follow{query}", headers=headers, environ_base={PAUSE: lambda _: True})
        assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
        return parsed(answer.data)

    def test_events_tell_requests_and_what_was_done(self, admin: FlaskClient, tenant: Tenant, mock: Mock) -> None:
        mock.send()
        tenant.clock.advance(1)
        login, send, advance = self.follow(admin, "&after=0")
        assert [login["event"], send["event"], advance["event"]] == ["request", "request", "perturbed"]
        assert (send.told["reason"], send.told["status"], send["id"]) == ("session.unknown", 403, "4")
        assert (advance.told["what"], advance["id"]) == ("advance", "5")

    def test_a_lost_stream_goes_on_after_the_last_event(self, admin: FlaskClient, tenant: Tenant, mock: Mock) -> None:
        for _ in range(3):
            mock.send()
            tenant.clock.advance(1)
        whole = self.follow(admin, "&after=0")
        assert len(whole) == 7
        for place, event in enumerate(whole):
            assert self.follow(admin, "&after=0", event["id"]) == whole[place + 1 :]

    def test_it_is_filtered_as_lists_are(self, admin: FlaskClient, mock: Mock) -> None:
        mock.send(mock.session())
        mock.send()
        events = self.follow(admin, "&after=0&operation=send&status=403")
        assert [event.told["reason"] for event in events] == ["session.unknown"]

    def test_from_the_newest_of_a_list_it_misses_nothing_and_repeats_nothing(self, admin: FlaskClient, mock: Mock) -> None:
        mock.send(text="before")
        newest = (admin.get(f"{ORGANIZATION}/requests").json or {})["newest"]
        mock.send(text="after")
        assert [event.told["text"] for event in self.follow(admin, f"&after={newest}")] == ["after"]

    @pytest.mark.parametrize("id", ["nonsense", "-1", "1.5", "\u0661"])
    def test_an_event_id_that_was_never_given_is_refused(self, admin: FlaskClient, id: str) -> None:
        answer = admin.get(f"{ORGANIZATION}/requests?follow", headers={"Last-Event-ID": id.encode().decode("latin-1")})
        assert problem(answer) == (400, "invalid.request", "Last-Event-ID")

    def test_a_line_break_in_a_message_breaks_no_event(self, admin: FlaskClient, mock: Mock) -> None:
        mock.send(text="one\n\ndata: two\r\nevent: three")
        (event,) = self.follow(admin, "&after=2")
        assert event.told["text"] == "one\n\ndata: two\r\nevent: three"

    def test_in_the_quiet_a_comment_keeps_the_connection(self, tenant: Tenant) -> None:
        looks: list[float] = []
        stream = events(tenant, Filter(), None, looks.append)
        assert [*islice(stream, 2)] == [b"retry: 1000\n\n", b": nothing new\n\n"]
        assert len(looks) == QUIET - 1

    def test_it_ends_with_its_organization(self, admin: FlaskClient, assembly: Any) -> None:
        control = Control(assembly)
        made = control.create_organization()
        stream = events(made, Filter(), None, lambda _: None)
        next(stream)
        control.delete(made.id)
        assert b"event: error" in b"".join(stream)

    def test_so_many_follow_and_no_more(self, admin: FlaskClient) -> None:
        def open_stream() -> Any:
            return admin.get(f"{ORGANIZATION}/requests?follow", buffered=False, environ_base={PAUSE: lambda _: True})

        streams = [open_stream() for _ in range(MAX_FOLLOWERS)]
        assert problem(open_stream())[:2] == (503, "service.unavailable")
        streams.pop().close()
        answer = open_stream()
        assert answer.status_code == 200
        for stream in [*streams, answer]:
            stream.close()

    def test_of_one_that_is_not_there_nothing_is_followed(self, admin: FlaskClient) -> None:
        assert problem(admin.get("/__admin/organizations/12345678/requests?follow"))[0] == 404
