from __future__ import annotations

import pytest

from mockserver.assemble import Assembly
from mockserver.control import Control, Tenant
from mockserver.engine.model import WRITE_SCOPE
from mockserver.errors import InvalidRequest, NotFound
from mockserver.journal import Perturbed, encode
from tests.mockserver.conftest import Mock


def test_a_new_client_can_log_in_and_work(tenant: Tenant, mock: Mock) -> None:
    made = tenant.clients.create("billing")
    answer = mock.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(made.client_id, made.client_secret)
    )
    mock.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert mock.create().status_code == 200


def test_lists_show_no_secret_and_begin_with_the_default_client(tenant: Tenant) -> None:
    made = tenant.clients.create("billing", client_id="billing", client_secret="not-so-secret", scopes=[])
    assert (made.client_id, made.client_secret, made.scopes) == ("billing", "not-so-secret", ())
    shown = tenant.clients.list()
    assert [(client.client_id, client.name, client.scopes) for client in shown] == [
        (tenant.client_id, "default", (WRITE_SCOPE,)),
        ("billing", "billing", ()),
    ]
    assert "not-so-secret" not in repr(shown)
    assert not any(b"not-so-secret" in encode(entry) for entry in tenant.trace())


def test_one_clients_session_is_foreign_to_another(tenant: Tenant, mock: Mock) -> None:
    session = mock.session()
    made = tenant.clients.create()
    answer = mock.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(made.client_id, made.client_secret)
    )
    mock.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert mock.send(session).status_code == 403
    assert tenant.requests.find(status=403)[0].reason == "session.foreign"


def test_scopes_act_on_live_tokens_at_once(tenant: Tenant, mock: Mock) -> None:
    session = mock.session()
    tenant.revoke_scope(WRITE_SCOPE)
    assert mock.send(session).json()["code"] == "app.not.authorized.for.scope"
    tenant.grant_scope(WRITE_SCOPE)
    assert mock.send(session).status_code == 200
    tenant.clients.set_scopes(tenant.client_id, ["other"])
    assert mock.create().json()["code"] == "app.not.authorized.for.scope"


def test_only_what_changes_scopes_is_journalled(tenant: Tenant) -> None:
    tenant.grant_scope(WRITE_SCOPE)
    tenant.revoke_scope(WRITE_SCOPE)
    tenant.revoke_scope(WRITE_SCOPE)
    tenant.grant_scope(WRITE_SCOPE)
    tenant.clients.set_scopes(tenant.client_id, [WRITE_SCOPE, WRITE_SCOPE])
    client = {"client_id": tenant.client_id}
    assert [(entry.what, entry.detail) for entry in tenant.trace() if isinstance(entry, Perturbed)] == [
        ("revoke_scope", {**client, "scope": WRITE_SCOPE}),
        ("grant_scope", {**client, "scope": WRITE_SCOPE}),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"client_id": "with:colon"}, "client_id"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "lone \ud800"}, "client_id"),
        ({"client_secret": "short"}, "client_secret"),
        ({"client_secret": "a secret with blanks"}, "client_secret"),
        ({"scopes": ["two words"]}, "scopes"),
        ({"scopes": WRITE_SCOPE}, "scopes"),
        ({"name": "x" * 255}, "name"),
        ({"name": "line\nbreak"}, "name"),
    ],
)
def test_what_no_client_can_have_is_refused_by_name(tenant: Tenant, values: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        tenant.clients.create(**values)
    assert caught.value.field == field
    assert len(tenant.clients.list()) == 1


def test_a_client_id_is_unique_on_the_server(assembly: Assembly, tenant: Tenant) -> None:
    control = Control(assembly)
    control.create_organization(client_id="taken")
    with pytest.raises(InvalidRequest, match="'taken' is in use on this server"):
        tenant.clients.create(client_id="taken")
    with pytest.raises(InvalidRequest, match="'taken' is in use on this server"):
        control.create_organization(client_id="taken")


def test_scopes_of_nobody_cannot_be_set(tenant: Tenant) -> None:
    with pytest.raises(NotFound, match="no client 'nobody'"):
        tenant.clients.set_scopes("nobody", [])
