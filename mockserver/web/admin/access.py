"""OAuth clients, their scopes, and bearer tokens."""

from __future__ import annotations

from flask import Blueprint, Response
from msgspec import Struct

from mockserver.control import Control
from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import body, query


class NewClientRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The values for a new OAuth client. Missing credentials are generated."""

    name: str = ""
    client_id: str | None = None
    client_secret: str | None = None
    scopes: list[str] | None = None


class Scopes(Struct, frozen=True, forbid_unknown_fields=True):
    """All scopes of a client, in place of the old ones."""

    scopes: list[str]


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """A token's pseudonym or value, or None for all tokens."""

    token: str | None = None


class Reject(Struct, frozen=True, forbid_unknown_fields=True):
    """Refuse every bearer token, or accept them again."""

    reject: bool = True


class PageRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a list."""

    limit: int = 100
    after: str = ""


def add(blueprint: Blueprint, control: Control) -> None:
    """Add the views."""

    @blueprint.get("/organizations/<id>/clients")
    def list_clients(id: str) -> Response:
        return answer({"clients": control.tenant(id).clients.list()})

    @blueprint.post("/organizations/<id>/clients")
    def create_client(id: str) -> Response:
        wanted = body(NewClientRequest)
        clients = control.tenant(id).clients
        return answer(clients.create(wanted.name, wanted.client_id, wanted.client_secret, wanted.scopes), 201)

    @blueprint.patch("/organizations/<id>/clients/<path:client_id>")
    def set_scopes(id: str, client_id: str) -> Response:
        return answer(control.tenant(id).clients.set_scopes(client_id, body(Scopes).scopes))

    @blueprint.get("/organizations/<id>/tokens")
    def list_tokens(id: str) -> Response:
        page = query(PageRequest)
        return answer(control.tenant(id).tokens.page(page.limit, page.after))

    @blueprint.post("/organizations/<id>/tokens/expire")
    def expire_tokens(id: str) -> Response:
        return answer({"count": control.tenant(id).tokens.expire(body(Which).token)})

    @blueprint.post("/organizations/<id>/tokens/revoke")
    def revoke_tokens(id: str) -> Response:
        return answer({"count": control.tenant(id).tokens.revoke(body(Which).token)})

    @blueprint.post("/organizations/<id>/tokens/reject")
    def reject_tokens(id: str) -> Response:
        wanted = body(Reject)
        control.tenant(id).reject_tokens(wanted.reject)
        return answer(wanted)
