from __future__ import annotations

import pytest

from mockserver.control import Tenant
from mockserver.errors import NotFound
from mockserver.ids import pseudonym
from mockserver.journal import Perturbed
from tests.mockserver.conftest import START, Mock

NOW = START / 1000


def value_of(mock: Mock) -> str:
    return mock.headers["Authorization"].removeprefix("Bearer ")


def test_tokens_are_listed_by_pseudonym_never_by_value(tenant: Tenant, mock: Mock) -> None:
    first = value_of(mock)
    mock.login(scope="webchat:session:write")
    shown = tenant.tokens.list()
    assert [token.token for token in shown] == [pseudonym(first), pseudonym(value_of(mock))]
    assert [token.scopes for token in shown] == [None, ("webchat:session:write",)]
    assert (shown[0].client_id, shown[0].state, shown[0].issued) == (tenant.client_id, "active", NOW)
    assert shown[0].expires_at == NOW + 86_400
    assert first not in repr(shown)


def test_lists_are_paged(tenant: Tenant, mock: Mock) -> None:
    for _ in range(4):
        mock.login()
    tokens = tenant.tokens.list()
    assert tenant.tokens.list(limit=2) == tokens[:2]
    assert tenant.tokens.list(limit=2, after=tokens[1].token) == tokens[2:4]
    assert tenant.tokens.list(after=tokens[4].token) == []


@pytest.mark.parametrize(
    ("act", "state", "reason", "code"),
    [("expire", "expired", "auth.expired", "credentials.expired"), ("revoke", "revoked", "auth.revoked", "bad.credentials")],
)
def test_one_token_ends_by_pseudonym_or_value_and_no_other_does(
    tenant: Tenant, mock: Mock, act: str, state: str, reason: str, code: str
) -> None:
    headers, value = mock.headers, value_of(mock)
    mock.login()
    assert getattr(tenant.tokens, act)(value) == 1
    assert getattr(tenant.tokens, act)(pseudonym(value)) == 0
    refused = mock.create(headers=headers)
    assert (refused.status_code, refused.headers["Dayfly-Reason"], refused.json()["code"]) == (401, reason, code)
    assert mock.create().status_code == 200
    assert [token.state for token in tenant.tokens.list()] == [state, "active"]


def test_all_that_stand_end_together_and_later_ones_are_good(tenant: Tenant, mock: Mock) -> None:
    mock.login()
    mock.login()
    assert tenant.tokens.expire() == 3
    assert tenant.tokens.revoke() == 0
    assert mock.create().status_code == 401
    mock.login()
    assert mock.create().status_code == 200
    assert [(entry.what, entry.detail) for entry in tenant.trace() if isinstance(entry, Perturbed)] == [
        ("expire_tokens", {"count": 3})
    ]


def test_the_journal_names_a_single_one_by_its_pseudonym(tenant: Tenant, mock: Mock) -> None:
    tenant.tokens.revoke(value_of(mock))
    (entry,) = (entry for entry in tenant.trace() if isinstance(entry, Perturbed))
    assert (entry.what, entry.detail) == ("revoke_tokens", {"token": pseudonym(value_of(mock)), "count": 1})


def test_a_token_that_is_not_there_is_named_by_pseudonym_in_the_error_too(tenant: Tenant) -> None:
    with pytest.raises(NotFound, match="no token 't:") as caught:
        tenant.tokens.expire("a-secret-of-another-mock")
    assert "a-secret-of-another-mock" not in str(caught.value)
