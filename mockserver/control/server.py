"""The server as a whole, with its organisations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.assemble import Assembly
from mockserver.control import checks
from mockserver.control.clients import new_client, taken
from mockserver.control.tenant import Tenant, explained
from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED, FaultPlan, Organization, Policy
from mockserver.errors import NotNow
from mockserver.settings import policy_from
from mockserver.stores.base import FAULTS, ORGANIZATION, Key, Write

if TYPE_CHECKING:
    from mockserver.explain import Explanation

ALIASES = {"default": DEFAULT_ORGANIZATION, "unassigned": UNASSIGNED}
"""Readable names for the organisations that always exist."""


class Control:
    """All that can be done to a mock server from outside. It keeps nothing itself, so there may be several."""

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
        """Create an organisation with one OAuth client. `policy` changes values of the server's policy.

        Missing credentials are generated. Raises InvalidRequest or SettingsError.
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
        """Return False if there is an organisation with this id already."""
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
        """Return the id, name and number of live sessions of every organisation, in order of creation."""
        platform = self.assembly.platform
        shown = []
        for id in platform.store.organizations():
            loaded = platform.load(id, (ORGANIZATION,))
            organization = loaded.records[0]
            if isinstance(organization, Organization):
                shown.append({"id": id, "name": organization.name, "live_sessions": loaded.live_sessions})
        return shown

    def tenant(self, id: str) -> Tenant:
        """Return the organisation with this id, or `default`, or `unassigned` (which has only a journal). Raises NotFound."""
        wanted = ALIASES.get(id, id)
        if wanted == DEFAULT_ORGANIZATION:
            self.assembly.restore_default(self.assembly.platform)
        tenant = Tenant(self.assembly, wanted)
        tenant.check()
        return tenant

    def delete(self, id: str) -> None:
        """Delete an organisation with everything in it. Raises NotNow for those that always exist."""
        tenant = self.tenant(id)
        if tenant.id in ALIASES.values():
            raise NotNow("id", f"{id!r} cannot be deleted; reset it instead")
        self.assembly.store.clear(tenant.id)

    def explain(self, context_id: str) -> Explanation:
        """Explain the request with this contextId, in any organisation. Raises NotFound."""
        return explained(self.assembly, context_id)

    def assign_strays_to(self, id: str) -> None:
        """From now on, journal requests that name no organisation in this one, by its clock. Applies to this process."""
        self.assembly.platform.stray = self.tenant(id).id
