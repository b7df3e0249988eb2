from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver.assemble import Assembly
from mockserver.web import create_app

CONSOLE = "/__admin/console"
DEFAULT = f"{CONSOLE}/organizations/default"

Reader = Callable[[str], str]


@pytest.fixture
def app(assembly: Assembly) -> Flask:
    app = create_app(assembly)
    app.testing = True
    return app


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser on this machine, without scripts."""
    return app.test_client()


@pytest.fixture
def read(browser: FlaskClient) -> Reader:
    """The text of a page of the default organisation, which must be there."""

    def read(path: str) -> str:
        answer = browser.get(f"{DEFAULT}{path}", follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    return read
