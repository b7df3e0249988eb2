"""A fresh organisation of the mock, in this process and on a clock that stands where it is put: what recordings replay on.

It gives recorded OAuth clients, tokens and session ids fresh ones of its own, and asks with those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import msgspec

from contracts.asking import Credentials, for_message, for_session, for_token
from contracts.reproduce.asking import login, request
from contracts.reproduce.steps import Step
from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.control.clients import NewClient
from mockserver.control.faults import fault_to
from mockserver.engine.model import Fault, OAuthClient, Policy, Session, Token
from mockserver.exchanges import number
from mockserver.explain import Explanation
from mockserver.ids import Ids
from mockserver.journal import Answer
from mockserver.settings import Settings, policy_from, policy_to
from mockserver.stores.base import Key
from mockserver.wire import Request, Response

JOURNAL = 4000
"""Entries that are kept: as much as an explanation may want to look back."""

NOBODY = "not-a-token-of-this-organisation"

EVERYBODY = ""
"""The OAuth client of whoever does not say who they are."""


class Answered(NamedTuple):
    """What the mock made of a request: `reason` is its own word, the foreign and the forgotten told apart."""

    context_id: str
    status: int | None
    code: str | None
    reason: str
    session: str | None


class Bench:
    """See above. A context manager; its clock only goes forward."""

    def __init__(self, policy: Policy, start: int, owners: Mapping[str, str]) -> None:
        """`start` is the time it is at first, `owners` the recorded OAuth clients of recorded tokens."""
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
        """Puts the clock to `at` (milliseconds), unless it is past it."""
        self.now = max(self.now, at)

    # -- recorded names and fresh ones ---------------------------------------------------------------------------------

    def client(self, recorded: str | None) -> NewClient:
        """The OAuth client in place of the recorded one, made where it is met first."""
        name = recorded or EVERYBODY
        if name not in self._clients:
            self._clients[name] = self.tenant.clients.create(name=name[:100])
        return self._clients[name]

    def clients(self) -> list[str]:
        """The recorded OAuth clients met so far."""
        return list(self._clients) or [EVERYBODY]

    def forget(self) -> None:
        """No token and no session is known any more."""
        self._tokens.clear()
        self._sessions.clear()

    def owner(self, token: str | None) -> str:
        """The recorded client whose token this is: where that was not recorded, the only one there is, or a nameless one."""
        return self._owners.get(token or "", self._only)

    def has_token(self, recorded: str | None) -> bool:
        """Whether there is a token in the recorded one's place."""
        return recorded in self._tokens

    def has_session(self, recorded: str | None) -> bool:
        """Whether there is a session in the recorded one's place."""
        return recorded in self._sessions

    def token(self, recorded: str | None) -> Token | None:
        """The token in the recorded one's place, as it is now."""
        found = self._load(Key("token", self._tokens.get(recorded or "", "")))
        return found if isinstance(found, Token) else None

    def session(self, recorded: str | None) -> Session | None:
        """The session in the recorded one's place, as it is now."""
        found = self._load(Key("session", self._sessions.get(recorded or "", "")))
        return found if isinstance(found, Session) else None

    def fresh_session(self, recorded: str) -> str:
        """The id of the session in the recorded one's place; where there is none, the recorded one."""
        return self._sessions.get(recorded, recorded)

    def fresh_token(self, recorded: str) -> str:
        """The value of the token in the recorded one's place; where there is none, one that nobody has."""
        return self._tokens.get(recorded, NOBODY)

    def oauth_client(self, recorded: str) -> OAuthClient:
        """The OAuth client in the recorded one's place, as it is now."""
        found = self._load(Key("client", self.client(recorded).client_id))
        assert isinstance(found, OAuthClient)
        return found

    def policy(self) -> Policy:
        """The policy in force."""
        return policy_from(self.tenant.policy())

    def _load(self, key: Key) -> Any:
        return self._assembly.store.load(self.tenant.id, (key,), None, self.now).records[0]

    # -- asking --------------------------------------------------------------------------------------------------------

    def ask(self, step: Step, fault: Fault | None) -> Answered:
        """Makes the recorded request anew, `fault` applied to it, and learns what fresh names stand for the recorded ones."""
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
        """The story behind an answer, while the journal has it."""
        return self.tenant.explain(context_id)

    def log_in(self, token: str, client: str) -> None:
        """Has a token issued to a recorded client, in place of the recorded one."""
        own = self.client(client)
        response = self._handle(for_token(Credentials(own.client_id, own.client_secret)))
        self._tokens[token] = msgspec.json.decode(response.body)["access_token"]

    def create(self, session: str, client: str) -> None:
        """Has a session created by a recorded client, in place of the recorded one."""
        name = f"past of {client}"
        if not self.has_token(name):
            self.log_in(name, client)
        response = self._handle(for_session(f"Bearer {self._tokens[name]}", b""))
        self._sessions[session] = msgspec.json.decode(response.body)["webChatSessionId"]

    def use_up(self, session: str, client: str) -> None:
        """Has as many messages accepted for a session as it takes, sent by the client it was created by."""
        token = self._tokens[f"past of {client}"]
        for _ in range(self.policy().handshakes):
            self._handle(for_message(f"Bearer {token}", self._sessions[session], "earlier"))

    def _handle(self, request: Request) -> Response:
        return self._assembly.handler.handle(request)

    def _answer(self) -> Answer:
        """The newest answer in the journal."""
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
