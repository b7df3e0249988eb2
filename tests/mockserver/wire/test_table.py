"""The one table is total, and every row is an answer the document knows."""

from __future__ import annotations

import pytest

from mockserver import openapi
from mockserver.engine.model import Reason
from mockserver.wire.handler import ROUTES
from mockserver.wire.table import TABLE, injected, is_oauth

INJECTED_ONLY = {Reason.FAULT}


def test_every_reason_has_a_row_but_the_one_that_stands_for_an_injected_answer() -> None:
    assert set(TABLE) == set(Reason) - INJECTED_ONLY


@pytest.mark.parametrize("reason", sorted(set(TABLE) - {Reason.ROUTE_UNKNOWN}))
def test_every_answer_is_documented(reason: Reason) -> None:
    paths = openapi.document()["paths"]
    documented = {status for path in ROUTES for status in paths[path]["post"]["responses"]}
    assert str(TABLE[reason].status) in documented


def test_dead_sessions_are_answered_alike() -> None:
    dead = {TABLE[reason] for reason in Reason if reason.startswith("session.") and reason is not Reason.SESSION_CREATED}
    assert len(dead) == 1


def test_oauth_rows_use_oauths_words() -> None:
    known = openapi.document()["components"]["schemas"]["OAuthError"]["properties"]["error"]["enum"]
    assert {row.code for reason, row in TABLE.items() if is_oauth(reason)} == set(known)


@pytest.mark.parametrize(("status", "code"), [(503, "service.unavailable"), (504, "gateway.timeout"), (299, "error")])
def test_an_injected_status_has_a_code(status: int, code: str) -> None:
    assert (injected(status).status, injected(status).code) == (status, code)
