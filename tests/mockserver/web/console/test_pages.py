"""What the pages of an organisation tell, and where they lead when there is nothing to tell."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.mockserver.conftest import Mock
from tests.mockserver.web.console.conftest import CONSOLE, DEFAULT, Reader

PAGES = ["", "/requests", "/sessions", "/faults", "/access"]


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
    assert "used up by a message accepted before" in page
    assert 'class="refused"' in page
