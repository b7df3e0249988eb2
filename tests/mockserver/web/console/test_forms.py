"""The console's controls as forms: sent, done, and answered with the page they came from."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from mockserver.control import Control, Tenant
from mockserver.errors import InvalidRequest
from mockserver.web.console.clock import seconds_in
from mockserver.web.console.faults import fault_in
from tests.mockserver.conftest import START, Mock
from tests.mockserver.web.console.conftest import CONSOLE, DEFAULT


def test_a_form_leads_back_to_its_page_which_says_what_was_done(browser: FlaskClient, tenant: Tenant) -> None:
    back = f"{DEFAULT}/sessions?state=idle"
    answer = browser.post(f"{DEFAULT}/clock/advance", data={"by": "5 min", "back": back})
    assert (answer.status_code, answer.location) == (303, f"{back}&done=advance")
    assert tenant.clock.now() == START / 1000 + 300
    assert "The clock was advanced." in browser.get(answer.location).text


def test_what_cannot_be_done_is_told_in_words(browser: FlaskClient) -> None:
    answer = browser.post(f"{DEFAULT}/clock/set", data={"at": "2020-01-01"})
    assert answer.status_code == 400
    assert "a clock only goes forward" in answer.text


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("1.5 s", 1.5), ("5 min", 300), ("5m", 300), ("2H", 7200), (" 1 d ", 86_400), ("0", 0)]
)
def test_spans_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "1 week", "1e9", "nan", "٣ s", "9" * 40])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a duration"):
        seconds_in(text)


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01", "11:06", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-23:59", "\x00"]
)
def test_what_is_no_instant_is_refused(text: str, browser: FlaskClient) -> None:
    assert browser.post(f"{DEFAULT}/clock/set", data={"at": text}).status_code == 400


def test_a_fault_takes_only_what_its_kind_knows() -> None:
    form = {
        "operation": "send",
        "times": "2",
        "probability": "0.5",
        "status": "429",
        "retry_after": "",
        "seconds": "2",
        "where": "after",
    }
    assert fault_in({"kind": "status", **form}) == {
        "kind": "status",
        "operation": "send",
        "times": 2,
        "probability": 0.5,
        "status": 429,
    }
    assert fault_in({"kind": "latency", **form})["seconds"] == 2
    assert fault_in({"kind": "lost_request", "times": ""}) == {"kind": "lost_request"}
    assert fault_in({"kind": "lost_request", "times": "3", "always": "yes"})["times"] is None


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"kind": "earthquake"},
        {"kind": "status", "times": "two"},
        {"kind": "status", "probability": "often"},
        {"kind": "status", "status": "200"},
        {"kind": "latency", "seconds": "nan"},
    ],
)
def test_what_is_no_fault_is_refused(browser: FlaskClient, tenant: Tenant, form: dict[str, str]) -> None:
    assert browser.post(f"{DEFAULT}/faults", data=form).status_code == 400
    assert tenant.faults.list() == []


def test_organisations_are_made_reset_and_removed(browser: FlaskClient, assembly: object, mock: Mock, tenant: Tenant) -> None:
    made = browser.post(f"{CONSOLE}/organizations", data={"name": " mine "}).location
    id = made.partition("organizations/")[2].partition("?")[0]
    control = Control(mock.assembly)
    assert control.tenant(id).name == "mine"
    assert browser.post(f"{CONSOLE}/organizations/{id}/delete").location == f"{CONSOLE}/?done=deleted"
    assert [organization["name"] for organization in control.organizations()] == ["default"]
    assert browser.post(f"{DEFAULT}/delete").status_code == 400
    assert browser.post(f"{DEFAULT}/reset").status_code == 303
    assert tenant.requests.find() == []


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/organizations/deadbeef/clock/freeze", {}),
        ("/organizations/default/sessions/nobody/revoke", {}),
        ("/organizations/default/tokens/expire", {"token": "t:0000000000"}),
        ("/organizations/default/tokens/burn", {}),
        ("/organizations/default/scopes/give", {"scope": "a", "client_id": "nobody"}),
        ("/organizations/default/scopes/lend", {"scope": "a"}),
        ("/organizations/unassigned/clock/freeze", {}),
        ("/nowhere", {}),
    ],
)
def test_what_is_not_there_is_told_and_leads_on(browser: FlaskClient, path: str, data: dict[str, str]) -> None:
    answer = browser.post(f"{CONSOLE}{path}", data=data)
    assert answer.status_code == 404
    assert '<p class="leads">' in answer.text
    assert f'href="{CONSOLE}/' in answer.text


def test_an_address_that_takes_forms_only_says_so(browser: FlaskClient) -> None:
    answer = browser.get(f"{DEFAULT}/clock/freeze")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    assert "accepts only forms" in answer.text


def test_where_the_mock_itself_fails_the_page_says_where_to_look(
    browser: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Tenant) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Tenant, "policy", fail)
    answer = browser.get(DEFAULT)
    assert answer.status_code == 500
    assert "See its log." in answer.text
    assert "broken on purpose" not in answer.text
    assert "broken on purpose" in caplog.text
