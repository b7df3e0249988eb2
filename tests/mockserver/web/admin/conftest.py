from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver.assemble import Assembly
from mockserver.web import create_app

ORGANIZATION = "/__admin/organizations/default"


@pytest.fixture
def app(assembly: Assembly) -> Flask:
    return create_app(assembly)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    """A caller on this machine."""
    return app.test_client()


def problem(answer: Any) -> tuple[int, str, str | None]:
    """Status, code and field of an error, its shape asserted."""
    assert answer.content_type == "application/json"
    error = answer.json["error"]
    assert set(error) <= {"code", "message", "field"}
    assert error["message"]
    return answer.status_code, error["code"], error.get("field")
