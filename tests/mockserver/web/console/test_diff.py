"""The changes after which a refused request would be accepted."""

from __future__ import annotations

import httpx
import pytest

from mockserver.control import Tenant
from mockserver.web.console.diff import SHORT, Trait, accepted_near, rows_of
from tests.mockserver.conftest import Mock


def differing(tenant: Tenant, answer: httpx.Response) -> dict[str, str]:
    """The traits that had to differ, and what they had to be."""
    id = answer.headers["ININ-Correlation-Id"]
    rows = rows_of(tenant.requests.get(id), tenant.explain(id))
    return {row.name: row.accepted for row in rows if row.accepted is not None}


def test_an_accepted_request_has_nothing_to_change(mock: Mock, tenant: Tenant) -> None:
    assert differing(tenant, mock.send(mock.session())) == {}


def test_a_late_send_was_nearest_a_moment_before_its_deadline(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    mock.clock.advance(31.5)
    told = differing(tenant, mock.send(session))
    assert told["Sent at"] == "before 2026-11-18T11:07:10.000Z: more than 1.5 s earlier"
    assert told["Session id"] == "or that of a fresh session"


@pytest.mark.parametrize("used", [True, False])
def test_a_used_or_unknown_id_had_to_be_another(mock: Mock, tenant: Tenant, used: bool) -> None:
    session = mock.session() if used else "{{id}}"
    mock.send(session)
    told = differing(tenant, mock.send(session))
    assert list(told) == ["Session id"]
    assert "not yet used" in told["Session id"]


def test_one_too_many_had_to_wait(mock: Mock, tenant: Tenant) -> None:
    tenant.set_policy({"rate_limit_per_minute": 1})
    mock.create()
    assert differing(tenant, mock.create()) == {"Sent at": "2026-11-18T11:07:40.000Z or later: 60 s later"}


def test_every_other_guard_names_what_it_looks_at(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    cases = {
        "Content-Type": mock.send(session, content=b"x", headers={**mock.headers, "Content-Type": "text/plain"}),
        "Body": mock.send(session, content=b"{", headers={**mock.headers, "Content-Type": "application/json"}),
    }
    tenant.revoke_scope("webchat:session:write")
    cases["OAuth client"] = mock.send(session)
    tenant.grant_scope("webchat:session:write")
    tenant.faults.add("status")
    cases["The mock"] = mock.send(session)
    tenant.tokens.revoke()
    cases["Authorization"] = mock.send(session)
    for trait, answer in cases.items():
        assert list(differing(tenant, answer)) == [trait]


def test_what_stays_is_listed_too(mock: Mock, tenant: Tenant) -> None:
    answer = mock.send("{{id}}", "Welcome back")
    id = answer.headers["ININ-Correlation-Id"]
    rows = rows_of(tenant.requests.get(id), tenant.explain(id))
    assert Trait("Text", "Welcome back", None) in rows
    assert rows[0].name == "Request"


def test_what_is_long_is_told_by_its_beginning(mock: Mock, tenant: Tenant) -> None:
    answer = mock.send("x" * 5000, "y" * 5000)
    id = answer.headers["ININ-Correlation-Id"]
    assert max(len(row.asked) for row in rows_of(tenant.requests.get(id), tenant.explain(id))) == SHORT


def test_the_nearest_in_the_journal_is_of_the_same_operation(mock: Mock, tenant: Tenant) -> None:
    first = mock.send(mock.session()).headers["ININ-Correlation-Id"]
    refused = tenant.requests.get(mock.send("{{id}}").headers["ININ-Correlation-Id"]).exchange
    mock.create()
    mock.create()
    later = mock.send(mock.session()).headers["ININ-Correlation-Id"]
    near = accepted_near(tenant.requests, refused)
    assert near is not None
    assert near.context_id == first != later
