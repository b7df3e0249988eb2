"""Organisations and their policies."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from msgspec import Struct

from mockserver.control import Control, Tenant
from mockserver.errors import InvalidRequest, shown
from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import Nothing, body


class NewOrganization(Struct, frozen=True, forbid_unknown_fields=True):
    """The values for a new organisation.

    Missing credentials are generated. Missing policy values are the server's.
    """

    name: str = ""
    policy: dict[str, Any] = {}
    client_id: str | None = None
    client_secret: str | None = None
    scopes: list[str] | None = None


def add(blueprint: Blueprint, control: Control) -> None:
    """Add the views."""

    @blueprint.get("/organizations")
    def list_organizations() -> Response:
        return answer({"organizations": control.organizations()})

    @blueprint.post("/organizations")
    def create_organization() -> Response:
        wanted = body(NewOrganization)
        made = control.create_organization(
            wanted.name, _policy(wanted.policy), wanted.client_id, wanted.client_secret, wanted.scopes
        )
        return answer({"id": made.id, "client_id": made.client_id, "client_secret": made.client_secret}, 201)

    @blueprint.get("/organizations/<id>")
    def get_organization(id: str) -> Response:
        return answer(_shown(control.tenant(id)))

    @blueprint.delete("/organizations/<id>")
    def delete_organization(id: str) -> Response:
        control.delete(id)
        return Response(status=204)

    @blueprint.post("/organizations/<id>/reset")
    def reset_organization(id: str) -> Response:
        body(Nothing)
        control.tenant(id).reset()
        return Response(status=204)

    @blueprint.get("/organizations/<id>/policy")
    def get_policy(id: str) -> Response:
        return answer(control.tenant(id).policy())

    @blueprint.patch("/organizations/<id>/policy")
    def change_policy(id: str) -> Response:
        return answer(control.tenant(id).set_policy(_policy(body(dict[str, Any], required=True))))


def _policy(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a policy. Unlike files and variables, JSON must not write numbers as strings."""
    for name, value in values.items():
        if isinstance(value, str) and value != "off":
            raise InvalidRequest(f"policy.{name}", f"{shown(value)} is a string; use a JSON number or list")
        if value is False:
            raise InvalidRequest(f"policy.{name}", 'cannot be false; null or "off" switches a rule off')
    return values


def _shown(tenant: Tenant) -> dict[str, Any]:
    return {"id": tenant.id, "name": tenant.name, "client_id": tenant.client_id, "clock": tenant.clock.read()}
