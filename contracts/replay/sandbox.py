"""A fresh organisation of the mock, in this process and with a clock that is set by hand, to replay recordings on.

It makes fresh OAuth clients, tokens and session ids in place of the recorded ones, and sends requests with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import msgspec

from contracts.platform_requests import ClientCredentials, for_message, for_session, for_token
from contracts.replay.asking import login, request
from contracts.replay.recording import RecordedStep
from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.control.clients import NewClient
from mockserver.control.faults import fault_to
from mockserver.engine.model import Credential, Fault, Policy
from mockserver.ids import Ids
from mockserver.journal import SESSION_ID, Answer
from mockserver.journal_queries import number
from mockserver.settings import Settings, policy_from, policy_to
from mockserver.stores.base import Key
from mockserver.wire import Request

JOURNAL = 4000
"""Journal entries that are kept: as many as an explanation may need."""

EVERYBODY = ""
"""The name of a recorded OAuth client whose id is unknown."""


class Answered(NamedTuple):
    """The mock's answer to a request. `reason` is the journal's, which is more exact than the header's."""

    context_id: str
    status: int | None
    code: str | None
    reason: str
    session: str | None


class Sandbox:
    """The organisation, as described above. A context manager; its clock only moves forward.

    `tokens` and `sessions` are the fresh values by the recorded ones, `clients` the fresh OAuth clients by recorded ids.
    """

    def __init__(self, policy: Policy, start: int, owners: Mapping[str, str]) -> None:
        """`start` is the first time in milliseconds, `owners` the recorded OAuth clients of recorded tokens."""
        self.now = start
        self._assembly = assemble(Settings(journal_entries=JOURNAL), system=lambda: self.now, ids=Ids.seeded(0))
        control = Control(self._assembly)
        self.tenant = control.create_organization(policy=policy_to(policy))
        control.assign_strays_to(self.tenant.id)
        self.tokens: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.clients: dict[str, NewClient] = {}
        self._owners = owners
        self._only = next(iter(owners.values())) if len(set(owners.values())) == 1 else EVERYBODY
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._assembly.close()

    # -- records ---------------------------------------------------------------------------------------------------------

    def client(self, recorded: str | None) -> NewClient:
        """Return the OAuth client in place of the recorded one, made when it is first needed."""
        name = recorded or EVERYBODY
        if name not in self.clients:
            self.clients[name] = self.tenant.clients.create(name=name[:100])
        return self.clients[name]

    def owner(self, token: str | None) -> str:
        """Return the recorded client of a token. If that is unknown, it is the only client there is, or a nameless one."""
        return self._owners.get(token or "", self._only)

    def token(self, recorded: str) -> Credential | None:
        """Return the current state of the token in place of the recorded one, or None."""
        return self._load(Key("token", self.tokens.get(recorded, "")))

    def session(self, recorded: str | None) -> Credential | None:
        """Return the current state of the session in place of the recorded one, or None."""
        return self._load(Key("session", self.sessions.get(recorded or "", "")))

    def oauth_client(self, recorded: str) -> Credential:
        """Return the current state of the OAuth client in place of the recorded one."""
        found = self._load(Key("client", self.client(recorded).client_id))
        assert found is not None
        return found

    def policy(self) -> Policy:
        """Return the policy in force."""
        return policy_from(self.tenant.policy())

    def _load(self, key: Key) -> Credential | None:
        found = self._assembly.store.load(self.tenant.id, (key,), None, self.now).records[0]
        return found if isinstance(found, Credential) else None

    # -- requests --------------------------------------------------------------------------------------------------------

    def ask(self, step: RecordedStep, fault: Fault | None) -> Answered:
        """Make the recorded request anew, with `fault` applied, and note which fresh names replace the recorded ones."""
        if fault is not None and step.operation is not None:
            self.tenant.faults.clear()
            self.tenant.faults.append({**fault_to(fault), "operation": step.operation})
        is_login = step.operation == "token"
        body = self._told(login(step, self.client(step.client)) if is_login else request(step, self.tokens, self.sessions))
        answer = self._answer()
        if step.issued is not None and answer.issued is not None:
            self.sessions[step.issued] = answer.issued
        if step.token is not None and answer.token is not None and "access_token" in body:
            self.tokens[step.token] = body["access_token"]
        status = answer.status if answer.delivery in {"complete", "truncated"} else None
        return Answered(answer.context_id, status, answer.code, answer.reason, answer.session.id if answer.session else None)

    def log_in(self, token: str, client: str) -> None:
        """Issue a token to a recorded client, in place of the recorded token."""
        own = self.client(client)
        self.tokens[token] = self._told(for_token(ClientCredentials(own.client_id, own.client_secret)))["access_token"]

    def create(self, session: str, client: str, *, used_up: bool) -> None:
        """Create a session as a recorded client, in place of the recorded session, and use it up if that is asked for."""
        name = f"past of {client}"
        if name not in self.tokens:
            self.log_in(name, client)
        bearer = f"Bearer {self.tokens[name]}"
        self.sessions[session] = self._told(for_session(bearer, b""))[SESSION_ID]
        for _ in range(self.policy().handshakes if used_up else 0):
            self._told(for_message(bearer, self.sessions[session], "earlier"))

    def _told(self, made: Request) -> dict[str, Any]:
        """Return the document in the answer to a request; empty if a fault has spoilt it."""
        try:
            return dict(msgspec.json.decode(self._assembly.handler.handle(made).body))
        except (ValueError, TypeError):
            return {}

    def _answer(self) -> Answer:
        """Return the newest answer in the journal."""
        found = None
        while page := self._assembly.store.entries(self.tenant.id, self._seen):
            found = next((entry for entry in reversed(page) if isinstance(entry, Answer)), found)
            self._seen = number(page[-1])
        assert found is not None  # the handler journals every answer
        return found
