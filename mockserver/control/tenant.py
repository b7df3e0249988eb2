"""One organisation, as tests, the control API and the console use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from mockserver.assemble import Assembly
from mockserver.control.clients import OAuthClients
from mockserver.control.clock import Clock
from mockserver.control.faults import Faults
from mockserver.control.records import Records, changed
from mockserver.control.requests import Requests
from mockserver.control.sessions import Sessions
from mockserver.control.tokens import Tokens
from mockserver.engine.decide import secret_of
from mockserver.engine.model import UNASSIGNED, ClockState, Credential, Organization, Policy
from mockserver.journal import Entry, Header
from mockserver.journal_queries import Reader
from mockserver.settings import policy_from, policy_to

if TYPE_CHECKING:
    from mockserver.explain import Explanation


class Tenant:
    """One organisation and its controls: `clock`, `sessions`, `tokens`, `clients`, `faults`, `requests`."""

    def __init__(self, assembly: Assembly, id: str) -> None:
        self.id = id
        self._editor = Records(assembly.platform, id)
        self.clock = Clock(self._editor)
        self.sessions = Sessions(self._editor)
        self.tokens = Tokens(self._editor)
        self.clients = OAuthClients(self._editor)
        self._assembly = assembly
        self.faults = Faults(self._editor, assembly.vocabulary.operations)
        self.requests = Requests(assembly.store, id, assembly.platform.hide, assembly.vocabulary)

    @cached_property
    def _client(self) -> Credential:
        return self.clients.default()

    @property
    def client_id(self) -> str:
        return self._client.id

    @property
    def client_secret(self) -> str:
        return secret_of(self._client)

    @property
    def name(self) -> str:
        return self._editor.organization().name

    def check(self) -> None:
        """Raise NotFound if the organisation does not exist."""
        if self.id != UNASSIGNED:
            self._editor.organization()

    def policy(self) -> dict[str, Any]:
        """Return the policy with the names and units of policy files: seconds, numbers, lists."""
        return policy_to(self._editor.organization().policy)

    def set_policy(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change these policy values and return the whole policy. Existing sessions and tokens keep their deadlines.

        Raises SettingsError. Journalled as `set_policy`, with the values that are replaced.
        """

        def edit(organization: Organization, _now: int) -> Organization:
            return changed(organization, policy=policy_from(values, organization.policy))

        def told(policy: Policy) -> dict[str, Any]:
            whole = policy_to(policy)
            return {name: whole[name] for name in values}

        detail = told(policy_from(values, self._editor.organization().policy))
        now = self._editor.change_organization(edit, "set_policy", detail, lambda old: told(old.policy))
        return policy_to(now.policy)

    def grant_scope(self, scope: str) -> None:
        """Give the default client a scope. Its live tokens have it at once."""
        self.clients.grant_scope(scope)

    def revoke_scope(self, scope: str) -> None:
        """Take a scope from the default client, and so from its live tokens."""
        self.clients.revoke_scope(scope)

    def reject_tokens(self, reject: bool = True) -> None:
        """Answer 401 to every bearer token, including those issued later, until this is called with False.

        Journalled as `reject_tokens` and `accept_tokens`.
        """

        def edit(organization: Organization, _now: int) -> Organization:
            return changed(organization, rejects_tokens=reject)

        self._editor.change_organization(edit, "reject_tokens" if reject else "accept_tokens")

    @property
    def rejects_tokens(self) -> bool:
        """True while every bearer token is answered with 401."""
        return self._editor.organization().rejects_tokens

    def trace(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal as a recording: a header, then the entries numbered above `after`, oldest first."""
        yield self._header()
        yield from Reader(self._editor.platform.store, self.id).entries(after)

    def explain(self, context_id: str) -> Explanation:
        """Explain the request with this contextId. Raises NotFound if it is not one of this organisation."""
        return explained(self._assembly, context_id, (self.id,))

    def _header(self) -> Header:
        if self.id == UNASSIGNED:
            return Header(organization=self.id)
        organization = self._editor.organization()
        clock: Literal["mixed", "wall"] = "mixed" if organization.clock != ClockState() else "wall"
        if self._assembly.declared:
            return Header(organization=self.id, clock=clock, platform=self._assembly.declared)
        return Header(organization=self.id, clock=clock, policy=policy_to(organization.policy))

    def reset(self) -> None:
        """Delete all sessions, tokens, faults and the journal, and set the clock back to the system's time.

        The policy, the OAuth clients and their scopes stay.
        """

        def edit(organization: Organization) -> Organization:
            return replace(organization, version=organization.version + 1, clock=ClockState(), rejects_tokens=False)

        if self.id == UNASSIGNED:
            self._editor.platform.store.clear_journal(self.id)
        else:
            self._editor.start_afresh(edit, "reset")


def explained(assembly: Assembly, context_id: str, within: Sequence[str] | None = None) -> Explanation:
    """Explain the request with this contextId, from the organisations in `within`. Raises NotFound."""
    if assembly.explain is not None:
        found: Explanation = assembly.explain(context_id)
        return found
    from mockserver.explain import explain

    return explain(assembly.platform, context_id, within)
