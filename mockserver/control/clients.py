"""An organisation's OAuth clients and their scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from mockserver.control import checks
from mockserver.control.records import CLIENTS, Records, changed
from mockserver.engine.decide import oauth_client, secret_of
from mockserver.engine.model import WRITE_SCOPE, Credential
from mockserver.errors import NotFound, NotNow
from mockserver.service import PlatformService

Edit = Callable[[Credential, int], Credential]


class ClientView(Struct, frozen=True, kw_only=True):
    """An OAuth client without its secret."""

    client_id: str
    name: str
    scopes: tuple[str, ...]


class NewClient(Struct, frozen=True, kw_only=True):
    """A new OAuth client with its secret, which is not shown again."""

    client_id: str
    client_secret: str
    name: str
    scopes: tuple[str, ...]


class OAuthClients:
    """One organisation's OAuth clients. The first is the default client."""

    def __init__(self, editor: Records) -> None:
        self._editor = editor

    def default(self) -> Credential:
        """Return the client that was created with the organisation."""
        for _, client in self._editor.platform.store.records(self._editor.id, "client", 1):
            if isinstance(client, Credential):
                return client
        raise NotFound("OAuth client", self._editor.id, "the organisation has no client")

    def list(self) -> list[ClientView]:
        self._editor.organization()
        return [view_of(client) for client in self._editor.all(CLIENTS)]

    def create(
        self,
        name: str = "",
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: Iterable[str] | None = None,
    ) -> NewClient:
        """Create a client. Missing credentials are generated; default `scopes` allow sending. Journalled as `create_client`."""
        organization = self._editor.organization()
        client = new_client(self._editor.platform, organization.id, name, client_id, client_secret, scopes)
        if not self._editor.add(client, "create_client", {"client_id": client.id, "scopes": list(client.scopes or ())}):
            raise taken(client.id)
        view = view_of(client)
        return NewClient(client_id=client.id, client_secret=secret_of(client), name=view.name, scopes=view.scopes)

    def set_scopes(self, client_id: str, scopes: Iterable[str]) -> ClientView:
        """Set a client's scopes to exactly these. Journalled as `set_scopes`."""
        wanted = checks.scopes(scopes)
        edit = _scoped(lambda _: wanted)
        return view_of(
            self._editor.change(CLIENTS, client_id, edit, "set_scopes", {"client_id": client_id, "scopes": list(wanted)})
        )

    def grant_scope(self, scope: str, client_id: str | None = None) -> None:
        """Give a client (None: the default one) a scope. Its live tokens have it at once. Journalled as `grant_scope`."""
        granted = checks.scope(scope)
        edit = _scoped(lambda scopes: scopes if granted in scopes else (*scopes, granted))
        self._change_scope(edit, "grant_scope", granted, client_id)

    def revoke_scope(self, scope: str, client_id: str | None = None) -> None:
        """Take a scope from a client (None: the default one), and so from its live tokens. Journalled as `revoke_scope`."""
        revoked = checks.scope(scope)
        edit = _scoped(lambda scopes: tuple(scope for scope in scopes if scope != revoked))
        self._change_scope(edit, "revoke_scope", revoked, client_id)

    def _change_scope(self, edit: Edit, what: str, scope: str, client_id: str | None) -> None:
        id = self.default().id if client_id is None else client_id
        self._editor.change(CLIENTS, id, edit, what, {"client_id": id, "scope": scope})


def _scoped(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Edit:
    def edit(client: Credential, _now: int) -> Credential:
        return changed(client, scopes=change(client.scopes or ()))

    return edit


def new_client(
    platform: PlatformService,
    organization: str,
    name: str = "",
    client_id: str | None = None,
    client_secret: str | None = None,
    scopes: Iterable[str] | None = None,
) -> Credential:
    """Return a client to be written, with generated credentials if none are given.

    Raises InvalidRequest, or NotNow if the id is in use on this server.
    """
    id = platform.ids.client(organization) if client_id is None else checks.client_id(client_id)
    if client_id is not None and platform.find_client(id) is not None:
        raise taken(id)
    return oauth_client(
        id,
        organization,
        platform.ids.secret() if client_secret is None else checks.client_secret(client_secret),
        (WRITE_SCOPE,) if scopes is None else checks.scopes(scopes),
        checks.name(name),
    )


def taken(client_id: str) -> NotNow:
    return NotNow("client_id", f"{client_id!r} is in use on this server; leave it out to have one generated")


def view_of(client: Credential) -> ClientView:
    return ClientView(client_id=client.id, name=client.about, scopes=client.scopes or ())
