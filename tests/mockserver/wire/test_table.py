"""Every refusal has an answer in the declaration, and the document knows it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mockserver import openapi
from mockserver.engine.model import ROUTES, SESSION_ID, WRITE_SCOPE, Reason
from mockserver.platform import compile_platform, find
from mockserver.platform.compiled import refusals
from mockserver.wire.table import REFUSALS, answer_of, injected, is_oauth

ACCEPTED = {Reason.TOKEN_ISSUED, Reason.SESSION_CREATED, Reason.MESSAGE_ACCEPTED}


def test_every_reason_has_an_answer_but_those_that_accept_and_the_one_that_stands_for_an_injected_answer() -> None:
    assert set(Reason) - REFUSALS == {*ACCEPTED, Reason.FAULT}


@pytest.mark.parametrize("reason", sorted(REFUSALS - {Reason.ROUTE_UNKNOWN}))
def test_every_answer_is_documented(reason: Reason) -> None:
    paths = openapi.document()["paths"]
    documented = {status for path in ROUTES for status in paths[path]["post"]["responses"]}
    assert str(answer_of(reason).status) in documented


def test_paths_scope_and_the_name_of_the_session_id_are_those_of_the_declaration() -> None:
    platform = compile_platform(find("webchat"))
    assert {path for operation in platform.operations.values() for _, path in operation.routes} == set(ROUTES)
    assert {place.steps for place in platform.kinds["session"].issued.values()} == {(SESSION_ID,)}
    assert {*(platform.scopes_within("token") or ())} == {WRITE_SCOPE}


def test_dead_sessions_are_answered_alike() -> None:
    dead = [answer_of(reason) for reason in REFUSALS if reason.startswith("session.")]
    assert len({(one.status, one.code, one.message, one.headers[2:]) for one in dead}) == 1


def test_oauth_rows_use_oauths_words() -> None:
    known = openapi.document()["components"]["schemas"]["OAuthError"]["properties"]["error"]["enum"]
    assert {answer_of(reason).code for reason in REFUSALS if is_oauth(reason)} == set(known)


@pytest.mark.parametrize(("status", "code"), [(503, "service.unavailable"), (504, "gateway.timeout"), (299, "error")])
def test_an_injected_status_has_a_code(status: int, code: str) -> None:
    assert (injected(status).status, injected(status).code) == (status, code)


def test_the_first_refusal_needs_no_validator() -> None:
    """It takes longer to import than all else that a first request needs."""
    program = (
        "import sys; from mockserver.assemble import assemble; from mockserver.wire import Request\n"
        "with assemble() as parts:\n"
        "    print(parts.handler.handle(Request(method='POST', path='/nowhere')).status, 'jsonschema' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "404 False\n"


def test_the_answers_are_those_of_the_checked_declaration() -> None:
    platform = compile_platform(find("webchat"))
    own = {f"{kind.name}.{cause}" for kind in platform.kinds.values() for cause in kind.refused}
    assert refusals(find("webchat"), {}).keys() == own | platform.refused.keys()
