"""Organisations and their policies."""

from __future__ import annotations

from typing import Any

from flask import Response

from mockserver.control import Control, Tenant
from mockserver.errors import InvalidRequest, shown
from mockserver.web.admin.calls import EMPTY, Calls

ORGANIZATION = "/organizations/<id>"


def add(calls: Calls, control: Control) -> None:
    @calls.add("POST", "/organizations", 201)
    def create_organization(
        *,
        name: str = "",
        policy: dict[str, Any] = EMPTY,
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: list[str] | None = None,
    ) -> dict[str, Any]:
        made = control.create_organization(name, _policy(policy), client_id, client_secret, scopes)
        return {"id": made.id, "client_id": made.client_id, "client_secret": made.client_secret}

    @calls.add("GET", ORGANIZATION)
    def get_organization(tenant: Tenant) -> dict[str, Any]:
        return {"id": tenant.id, "name": tenant.name, "client_id": tenant.client_id, "clock": tenant.clock.read()}

    @calls.blueprint.delete(ORGANIZATION)
    def delete_organization(id: str) -> Response:
        control.delete(id)
        return Response(status=204)

    @calls.add("POST", f"{ORGANIZATION}/reset")
    def reset_organization(tenant: Tenant) -> None:
        tenant.reset()

    @calls.add("GET", f"{ORGANIZATION}/policy")
    def get_policy(tenant: Tenant) -> dict[str, Any]:
        return tenant.policy()

    @calls.add("PATCH", f"{ORGANIZATION}/policy")
    def change_policy(tenant: Tenant, /, **values: Any) -> dict[str, Any]:
        return tenant.set_policy(_policy(values))


def _policy(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a policy. Unlike files and variables, JSON must not write numbers as strings."""
    for name, value in values.items():
        if isinstance(value, str) and value != "off":
            raise InvalidRequest(f"policy.{name}", f"{shown(value)} is a string; use a JSON number or list")
        if value is False:
            raise InvalidRequest(f"policy.{name}", 'cannot be false; null or "off" switches a rule off')
    return values
