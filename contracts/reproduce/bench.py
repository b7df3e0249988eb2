"""A fresh organisation of the mock, in this process and with a clock that is set by hand, to replay recordings on.

It makes fresh OAuth clients, tokens and session ids in place of the recorded ones, and sends requests with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

import msgspec

from contracts.asking import Credentials, for_message, for_session, for_token
from contracts.reproduce.asking import login, request
from contracts.reproduce.steps import Step
from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.control.clients import NewClient
from mockserver.control.faults import fault_to
from mockserver.engine.model import Credential, Fault, Policy
from mockserver.exchanges import number
from mockserver.explain import Explanation
from mockserver.ids import Ids
from mockserver.journal import Answer
from mockserver.settings import Settings, policy_from, policy_to
from mockserver.stores.base import Key
from mockserver.wire import Request, Response

JOURNAL = 4000
"""Journal entries that are kept: as many as an explanation may need."""

NOBODY = "not-a-token-of-this-organisation"

EVERYBODY = ""
"""The name of a recorded OAuth client whose id is unknown."""


class Answered(NamedTuple):
    """The mock's answer to a request. `reason` is the journal's, which is more exact than the header's."""

    context_id: str
    status: int | None
    code: str | None
    reason: str
    session: str | None


class Bench:
    """The organisation, as described above. A context manager; its clock only moves forward."""

    def __init__(self, policy: Policy, start: int, owners: Mapping[str, str]) -> None:
        """`start` is the first time in milliseconds, `owners` the recorded OAuth clients of recorded tokens."""
        self.now = start
        settings = Settings(journal_entries=JOURNAL)
        self._assembly = assemble(settings, system=lambda: self.now, ids=Ids.seeded(0))
        control = Control(self._assembly)
        self.tenant = control.create_organization(policy=policy_to(policy))
        control.assign_strays_to(self.tenant.id)
        self._clients: dict[str, NewClient] = {}
        self._tokens: dict[str, str] = {}
        self._owners = owners
        self._only = next(iter(owners.values())) if len(set(owners.values())) == 1 else EVERYBODY
        self._sessions: dict[str, str] = {}
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._assembly.close()

    def move_to(self, at: int) -> None:
        """Move the clock to `at` (milliseconds), unless it is past that."""
        self.now = max(self.now, at)

    # -- recorded names and fresh ones ---------------------------------------------------------------------------------

    def client(self, recorded: str | None) -> NewClient:
        """Return the OAuth client in place of the recorded one, made when it is first needed."""
        name = recorded or EVERYBODY
        if name not in self._clients:
            self._clients[name] = self.tenant.clients.create(name=name[:100])
        return self._clients[name]

    def clients(self) -> list[str]:
        """Return the recorded OAuth clients met so far."""
        return list(self._clients) or [EVERYBODY]

    def forget(self) -> None:
        """Forget all tokens and sessions."""
        self._tokens.clear()
        self._sessions.clear()

    def owner(self, token: str | None) -> str:
        """Return the recorded client of a token. If it was not recorded, that is the only client there is, or a
        nameless one.
        """
        return self._owners.get(token or "", self._only)

    def has_token(self, recorded: str | None) -> bool:
        """Return whether there is a token in place of the recorded one."""
        return recorded in self._tokens

    def has_session(self, recorded: str | None) -> bool:
        """Return whether there is a session in place of the recorded one."""
        return recorded in self._sessions

    def token(self, recorded: str | None) -> Credential | None:
        """Return the current state of the token in place of the recorded one, or None."""
        return self._load(Key("token", self._tokens.get(recorded or "", "")))

    def session(self, recorded: str | None) -> Credential | None:
        """Return the current state of the session in place of the recorded one, or None."""
        return self._load(Key("session", self._sessions.get(recorded or "", "")))

    def fresh_session(self, recorded: str) -> str:
        """Return the id of the session in place of the recorded one, or the recorded id."""
        return self._sessions.get(recorded, recorded)

    def fresh_token(self, recorded: str) -> str:
        """Return the value of the token in place of the recorded one, or one that was never issued."""
        return self._tokens.get(recorded, NOBODY)

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

    # -- asking --------------------------------------------------------------------------------------------------------

    def ask(self, step: Step, fault: Fault | None) -> Answered:
        """Make the recorded request anew, with `fault` applied, and note which fresh names replace the recorded ones."""
        if fault is not None and step.operation is not None:
            self.tenant.faults.clear()
            self.tenant.faults.append({**fault_to(fault), "operation": step.operation})
        response = self._handle(self._request(step))
        answer = self._answer()
        self._learn(step, response, answer)
        reached = answer.delivery in {"complete", "truncated"}
        change = answer.session
        return Answered(
            answer.context_id, answer.status if reached else None, answer.code, answer.reason, change.id if change else None
        )

    def explain(self, context_id: str) -> Explanation:
        """Return the explanation of an answer, while the journal has it."""
        return self.tenant.explain(context_id)

    def log_in(self, token: str, client: str) -> None:
        """Issue a token to a recorded client, in place of the recorded token."""
        own = self.client(client)
        response = self._handle(for_token(Credentials(own.client_id, own.client_secret)))
        self._tokens[token] = msgspec.json.decode(response.body)["access_token"]

    def create(self, session: str, client: str) -> None:
        """Create a session as a recorded client, in place of the recorded session."""
        name = f"past of {client}"
        if not self.has_token(name):
            self.log_in(name, client)
        response = self._handle(for_session(f"Bearer {self._tokens[name]}", b""))
        self._sessions[session] = msgspec.json.decode(response.body)["webChatSessionId"]

    def use_up(self, session: str, client: str) -> None:
        """Send as many messages in a session as use it up, as the client that created it."""
        token = self._tokens[f"past of {client}"]
        for _ in range(self.policy().handshakes):
            self._handle(for_message(f"Bearer {token}", self._sessions[session], "earlier"))

    def _handle(self, request: Request) -> Response:
        return self._assembly.handler.handle(request)

    def _answer(self) -> Answer:
        """Return the newest answer in the journal."""
        found = None
        while page := self._assembly.store.entries(self.tenant.id, self._seen):
            found = next((entry for entry in reversed(page) if isinstance(entry, Answer)), found)
            self._seen = number(page[-1])
        assert found is not None  # the handler journals every answer
        return found

    def _learn(self, step: Step, response: Response, answer: Answer) -> None:
        if step.issued is not None and answer.issued is not None:
            self._sessions[step.issued] = answer.issued
        if step.token is not None and answer.token is not None and response.status == 200:
            self._tokens[step.token] = msgspec.json.decode(response.body)["access_token"]

    def _request(self, step: Step) -> Request:
        if step.operation == "token":
            return login(step, self.client(step.client))
        return request(step, self)
