"""The additions of an extension to the console."""

from __future__ import annotations

from pathlib import Path

import flask
import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from mockserver.assemble import Assembly
from mockserver.control import Tenant
from mockserver.control.requests import RecordedRequest
from mockserver.errors import NotFound
from mockserver.explain import Explanation
from mockserver.web import create_app
from mockserver.web.console import NAME, Console
from tests.mockserver.conftest import Mock
from tests.mockserver.web.console.conftest import CONSOLE, DEFAULT


def greetings(tenant: Tenant) -> Markup:
    return Markup(flask.render_template("greetings.html", name=tenant.name))


def how_many(tenant: Tenant, recorded: RecordedRequest, explanation: Explanation) -> str | None:
    return f"<{len(explanation.guards)} guards>" if recorded.exchange.status == 403 else None


def broken(tenant: Tenant) -> str:
    raise NotFound("contract", tenant.id)


@pytest.fixture
def app(assembly: Assembly, tmp_path: Path) -> Flask:
    (tmp_path / "greetings.html").write_text("<p>Hello {{ name }} & all</p>")

    def extension(app: Flask, _: Assembly) -> None:
        console: Console = app.extensions[NAME]
        console.add_tab("greetings", "Greetings", greetings)
        console.add_tab("broken", "Broken", broken)
        console.add_panel("guards", "How many guards", how_many)
        app.register_blueprint(Blueprint("greetings", __name__, template_folder=str(tmp_path)))

    return create_app(assembly, extensions=[extension])


def test_a_tab_stands_among_the_others_and_renders_a_template_of_its_own(browser: FlaskClient) -> None:
    page = browser.get(f"{DEFAULT}/greetings").text
    assert "<p>Hello default & all</p>" in page
    assert f'<a href="{DEFAULT}/greetings" aria-current="page">Greetings</a>' in page
    assert f'<a href="{DEFAULT}/greetings">Greetings</a>' in browser.get(DEFAULT).text
    assert "Greetings" not in browser.get(f"{CONSOLE}/organizations/unassigned/requests").text
    assert browser.get(f"{CONSOLE}/organizations/unassigned/greetings").status_code == 404


def test_what_a_tab_does_not_find_is_a_page(browser: FlaskClient) -> None:
    assert browser.get(f"{DEFAULT}/broken").status_code == 404


def test_a_panel_stands_on_the_page_of_the_requests_it_is_for(mock: Mock, browser: FlaskClient) -> None:
    refused, accepted = mock.send("{{id}}"), mock.create()
    page = browser.get(f"{DEFAULT}/requests/{refused.headers['ININ-Correlation-Id']}").text
    assert '<section class="card" id="guards"' in page
    assert "&lt;7 guards&gt;" in page
    assert "How many guards" not in browser.get(f"{DEFAULT}/requests/{accepted.headers['ININ-Correlation-Id']}").text
