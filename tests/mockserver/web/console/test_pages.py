"""The pages of an organisation, with their content and without any."""

from __future__ import annotations

import json
import re
from html import unescape
from shlex import quote

import pytest
from flask.testing import FlaskClient

from mockserver.clock import LATEST
from mockserver.control import Control, Tenant
from mockserver.settings import LONGEST
from tests.mockserver.conftest import Mock
from tests.mockserver.web.console.conftest import CONSOLE, DEFAULT, Reader


@pytest.mark.parametrize("page", ["", "/requests", "/sessions", "/faults", "/access"])
def test_every_page_lets_nothing_in_but_the_consoles_own_files(browser: FlaskClient, page: str) -> None:
    answer = browser.get(f"{DEFAULT}{page}")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


def test_a_newcomer_is_told_what_to_do_first(mock: Mock, browser: FlaskClient) -> None:
    made = browser.post(f"{CONSOLE}/organizations", data={"name": "checkout tests"}, follow_redirects=True)
    assert "Nothing has happened here yet" in made.text
    assert "curl" in made.text
    assert "checkout tests" in made.text


def test_a_refused_request_is_explained(mock: Mock, read: Reader) -> None:
    session = mock.session()
    mock.send(session)
    refused = mock.send(session, "once more")
    page = read(f"/requests/{refused.headers['ININ-Correlation-Id']}")
    assert "session.consumed" in page
    assert "used up by an earlier message" in page
    assert 'class="refused"' in page


def test_a_life_of_very_many_events_is_told_by_its_ends(mock: Mock, read: Reader) -> None:
    answers = [mock.send("never issued") for _ in range(251)]
    page = read(f"/requests/{answers[120].headers['ININ-Correlation-Id']}")
    assert "Of 251 events, the first and the last 100 are shown." in page
    assert page.count('class="point"') == 201
    assert page.count("this request</span>") == 1


def test_a_file_is_fetched_once_as_long_as_it_is_the_same(browser: FlaskClient) -> None:
    first = browser.get(f"{CONSOLE}/assets/console.css")
    assert (first.status_code, first.mimetype) == (200, "text/css")
    again = browser.get(f"{CONSOLE}/assets/console.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.css", "..%2fdoor.py", "door.py", "..", "x" * 5000 + ".css"])
def test_no_other_file_is_told(browser: FlaskClient, name: str) -> None:
    assert browser.get(f"{CONSOLE}/assets/{name}").status_code == 404


@pytest.mark.parametrize("years", [0, 100])
def test_every_page_is_told_at_the_last_moment_a_clock_is_set_to(
    mock: Mock, tenant: Tenant, browser: FlaskClient, years: int
) -> None:
    if years:
        tenant.set_policy({"ttl": LONGEST, "idle_timeout": LONGEST, "token_ttl": LONGEST})
    tenant.clock.set(LATEST / 1000)
    mock.clock.advance(years * 365 * 86_400)
    mock.login()
    session = mock.session()
    mock.send(session)
    answered = [mock.send(session), mock.send("never issued")]
    requests = [f"/requests/{answer.headers['ININ-Correlation-Id']}" for answer in answered]
    for page in ("", "/requests", "/sessions", "/access", f"/sessions/{session}", *requests):
        assert browser.get(f"{DEFAULT}{page}").status_code == 200, page


def test_the_journal_is_downloaded_as_a_recording(mock: Mock, browser: FlaskClient) -> None:
    answer = browser.get(f"{DEFAULT}/trace")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="00000000.jsonl"'
    assert [entry["type"] for entry in map(json.loads, answer.text.splitlines())] == ["trace", "arrival", "answer"]


def test_requests_that_name_nobody_have_a_page_too(mock: Mock, browser: FlaskClient) -> None:
    lost = mock.http.get("/api/v2/nowhere").headers["ININ-Correlation-Id"]
    address = f"{CONSOLE}/organizations/unassigned"
    assert "route.unknown" in browser.get(f"{address}/requests").text
    assert "There is no operation at this path." in browser.get(f"{address}/requests/{lost}").text
    assert "Requests that name no organisation" in browser.get(CONSOLE).text
    assert browser.get(f"{address}/sessions").status_code == 404


def test_what_left_the_journal_leads_to_what_is_there(browser: FlaskClient) -> None:
    answer = browser.get(f"{DEFAULT}/requests/00000000-1111-4222-8333-444444444444")
    assert answer.status_code == 404
    assert "the oldest requests leave it" in answer.text
    assert f'<a href="{DEFAULT}/requests">All requests</a>' in answer.text


def test_a_session_outlives_its_requests_in_the_journal(mock: Mock, tenant: Tenant, read: Reader) -> None:
    session = mock.session()
    mock.assembly.store.clear_journal(tenant.id)
    assert "have left the journal" in read(f"/sessions/{session}")


def test_sessions_are_paged_from_the_newest_to_the_oldest(mock: Mock, read: Reader) -> None:
    made = [mock.session() for _ in range(101)]
    first = read("/sessions")
    assert made[0] not in first
    assert first.index(made[-1]) < first.index(made[1])
    assert re.findall(r'id="s-([^"]+)"', read(f"/sessions?before={made[1]}")) == [made[0]]
    assert re.findall(r'id="s-([^"]+)"', read("/sessions?guest=nobody")) == []


def test_the_ready_made_words_of_an_address_are_the_only_ones_it_can_make_a_page_say(browser: FlaskClient) -> None:
    assert "pay me" not in browser.get(f"{DEFAULT}?done=pay+me").text


def test_an_unknown_window_is_refused_in_words(browser: FlaskClient) -> None:
    answer = browser.get(f"{DEFAULT}?window=1y")
    assert answer.status_code == 400
    assert "must be one of 1m, 5m" in answer.text


@pytest.mark.parametrize("query", ["status=40", "status=٤٠٣", "operation=delete", "before=x", "after=-1", "before=" + "9" * 30])
def test_a_list_that_makes_no_sense_says_so_on_its_page(browser: FlaskClient, query: str) -> None:
    answer = browser.get(f"{DEFAULT}/requests?{query}")
    assert answer.status_code == 200
    assert '<p class="note bad">' in answer.text


def test_what_is_to_be_pasted_into_a_shell_is_quoted(mock: Mock, browser: FlaskClient) -> None:
    made = Control(mock.assembly).create_organization(client_id="$(reboot)", client_secret="'`reboot`'")
    page = unescape(browser.get(f"{CONSOLE}/organizations/{made.id}").text)
    wanted = quote("$(reboot):'`reboot`'")
    assert f"curl -s -u {wanted} -d" in page


def test_requests_that_name_no_organisation_are_shown_beside_those_of_the_only_one(mock: Mock, read: Reader) -> None:
    assert "no organisation" not in read("/requests")
    strays = [mock.create(headers={"Authorization": "Bearer made-up"}) for _ in range(7)]
    stray = strays[-1].headers["ININ-Correlation-Id"]
    page = read("/requests")
    assert "7 requests name no organisation" in page
    assert f'href="{CONSOLE}/organizations/unassigned/requests/{stray}"' in page
    assert page.count("auth.unknown</span>") == 5
    assert 'class="ago"' not in page.partition('id="strays"')[2].partition("</section>")[0]
    assert "auth.unknown</span>" not in read("/requests?status=403")
    assert "7 requests name no organisation" in read("")


def test_with_more_organisations_they_are_counted(mock: Mock, read: Reader) -> None:
    Control(mock.assembly).create_organization("another")
    mock.create(headers={"Authorization": "Bearer made-up"})
    page = read("/requests")
    assert "1 request names no organisation" in page
    assert "auth.unknown</span>" not in page
