"""The server as a whole: its organisations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.assemble import Assembly
from mockserver.control import checks
from mockserver.control.clients import new_client, taken
from mockserver.control.tenant import Tenant
from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED, FaultPlan, Organization, Policy
from mockserver.errors import NotFound, NotNow
from mockserver.explain import Explanation, explain
from mockserver.ids import context_owner
from mockserver.settings import policy_from
from mockserver.stores.base import FAULTS, ORGANIZATION, Key, Write

ALIASES = {"default": DEFAULT_ORGANIZATION, "unassigned": UNASSIGNED}
"""Names for people of the organisations that always exist."""


class Control:
    """Everything that can be done to a mock server from outside. It keeps nothing itself: make as many as wanted."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly

    def create_organization(
        self,
        name: str = "",
        policy: Mapping[str, Any] | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: Iterable[str] | None = None,
    ) -> Tenant:
        """A new organisation with one OAuth client. `policy` changes the server's own policy; credentials left out are drawn.

        Raises InvalidRequest or SettingsError.
        """
        wanted = policy_from(policy or {}, self.assembly.settings.policy)
        checks.name(name)
        while True:
            id = self.assembly.ids.organization()
            if self._write(id, name, wanted, client_id, client_secret, scopes):
                return Tenant(self.assembly, id)

    def _write(
        self,
        id: str,
        name: str,
        policy: Policy,
        client_id: str | None,
        client_secret: str | None,
        scopes: Iterable[str] | None,
    ) -> bool:
        """False where there is an organisation with this id already."""
        platform = self.assembly.platform
        client = new_client(platform, id, "default", client_id, client_secret, scopes)
        organization = Organization(id=id, name=name, policy=policy, seal=platform.ids.seal())
        writes = [
            Write(ORGANIZATION, None, organization),
            Write(FAULTS, None, FaultPlan()),
            Write(Key("client", client.id), None, client),
        ]
        system = platform.system()
        done = platform.change(organization, writes, None, organization.clock.reading(system), system)
        if not done and client_id is not None and platform.find_client(client_id) is not None:
            raise taken(client_id)
        return done

    def organizations(self) -> list[dict[str, Any]]:
        """Id, name and number of live sessions of every organisation, in order of creation."""
        platform = self.assembly.platform
        shown = []
        for id in platform.store.organizations():
            loaded = platform.load(id, (ORGANIZATION,))
            organization = loaded.records[0]
            if isinstance(organization, Organization):
                shown.append({"id": id, "name": organization.name, "live_sessions": loaded.live_sessions})
        return shown

    def tenant(self, id: str) -> Tenant:
        """The organisation with this id, or `default`, or `unassigned` (which has a journal only). Raises NotFound."""
        wanted = ALIASES.get(id, id)
        if wanted == DEFAULT_ORGANIZATION:
            self.assembly.restore_default(self.assembly.platform)
        tenant = Tenant(self.assembly, wanted)
        tenant.check()
        return tenant

    def delete(self, id: str) -> None:
        """Forgets an organisation and all it has. The default one stays: InvalidRequest."""
        tenant = self.tenant(id)
        if tenant.id in ALIASES.values():
            raise NotNow("id", f"{id!r} is always there; reset it instead")
        self.assembly.store.clear(tenant.id)

    def organization_of_context(self, context_id: str) -> Tenant:
        """The organisation a contextId names. Raises NotFound where it names none that exists."""
        owner = context_owner(context_id)
        if owner is None:
            raise NotFound("request", context_id, "this is not a contextId")
        return self.tenant(owner)

    def explain(self, context_id: str) -> Explanation:
        """The story behind any contextId of this server. Raises NotFound."""
        return explain(self.assembly.platform, context_id)

    def assign_strays_to(self, id: str) -> None:
        """Requests that name no organisation are journalled under, and timed by, this one from now on, in this process."""
        self.assembly.platform.stray = self.tenant(id).id
