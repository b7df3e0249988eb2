"""OAuth clients, their scopes, and bearer tokens."""

from __future__ import annotations

from typing import Any

from mockserver.control import Control, Tenant
from mockserver.control.clients import ClientView, NewClient
from mockserver.control.tokens import TokenPage
from mockserver.web.admin.calls import Calls

CLIENTS, TOKENS = "/organizations/<id>/clients", "/organizations/<id>/tokens"


def add(calls: Calls, _: Control) -> None:
    """Add the views. A `token` is a pseudonym or a value; None is all."""

    @calls.add("GET", CLIENTS)
    def list_clients(tenant: Tenant) -> dict[str, Any]:
        return {"clients": tenant.clients.list()}

    @calls.add("POST", CLIENTS, 201)
    def create_client(
        tenant: Tenant,
        *,
        name: str = "",
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: list[str] | None = None,
    ) -> NewClient:
        return tenant.clients.create(name, client_id, client_secret, scopes)

    @calls.add("PATCH", f"{CLIENTS}/<path:client_id>")
    def set_scopes(tenant: Tenant, client_id: str, *, scopes: list[str]) -> ClientView:
        return tenant.clients.set_scopes(client_id, scopes)

    @calls.add("GET", TOKENS)
    def list_tokens(tenant: Tenant, *, limit: int = 100, after: str = "") -> TokenPage:
        return tenant.tokens.page(limit, after)

    @calls.add("POST", f"{TOKENS}/expire")
    def expire_tokens(tenant: Tenant, *, token: str | None = None) -> dict[str, Any]:
        return {"count": tenant.tokens.expire(token)}

    @calls.add("POST", f"{TOKENS}/revoke")
    def revoke_tokens(tenant: Tenant, *, token: str | None = None) -> dict[str, Any]:
        return {"count": tenant.tokens.revoke(token)}

    @calls.add("POST", f"{TOKENS}/reject")
    def reject_tokens(tenant: Tenant, *, reject: bool = True) -> dict[str, Any]:
        tenant.reject_tokens(reject)
        return {"reject": reject}
