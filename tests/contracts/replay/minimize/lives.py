"""Clients of a mock in this process: their requests, and changes made from outside, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from contracts.platform_requests import for_message, for_session
from mockserver.assemble import assemble
from mockserver.control import Control, Tenant
from mockserver.engine.model import MESSAGES, SESSIONS, TOKENS
from mockserver.inprocess import Transport
from mockserver.journal_queries import Exchange
from mockserver.settings import Settings

WRITE = "webchat:session:write"


class Life:
    """An organisation, its OAuth clients, and the tokens and sessions that they have got so far."""

    def __init__(self, control: Control, policy: dict[str, Any]) -> None:
        self.tenant: Tenant = control.create_organization("a life", policy)
        self._strays = control.tenant("unassigned")
        self._handler = control.assembly.handler
        self._http = httpx.Client(transport=Transport(self._handler, self._pass), base_url="https://platform.invalid")
        self._clients = [(self.tenant.client_id, self.tenant.client_secret)]
        self._tokens: list[str] = []
        self.sessions: list[str] = []

    def _pass(self, seconds: float) -> None:
        if seconds > 0:
            self.tenant.clock.advance(seconds)

    def refused(self) -> list[tuple[Tenant, Exchange]]:
        """Every request that was not simply answered 200, with the organisation whose journal has it."""
        found = [(tenant, one) for tenant in (self.tenant, self._strays) for one in tenant.requests.find(limit=1000)]
        return [(tenant, one) for tenant, one in found if one.status != 200 or one.delivery != "complete"]

    def hurry(self, messages: int) -> None:
        """So many sessions, each with a message, without the way through an HTTP client."""
        bearer = self._bearer(0)["Authorization"]
        for _ in range(messages):
            answer = self._handler.handle(for_session(bearer))
            self.sessions.append(json.loads(answer.body)["webChatSessionId"])
            self._handler.handle(for_message(bearer, self.sessions[-1]))

    # -- acts --------------------------------------------------------------------------------------------------------

    def login(self, client: int = 0, scope: str | None = None, secret: str | None = None) -> None:
        id, own = self._clients[client % len(self._clients)]
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        answer = self._ask(TOKENS, auth=(id, secret or own), data=form)
        if "access_token" in answer:
            self._tokens.append(answer["access_token"])

    def create(self, token: int = 0, body: Any = None) -> None:
        answer = self._ask(SESSIONS, headers=self._bearer(token), **({} if body is None else {"json": body}))
        if "webChatSessionId" in answer:
            self.sessions.append(answer["webChatSessionId"])

    def send(self, session: int = 0, token: int = 0, text: str = "Hello") -> None:
        id = self.sessions[session % len(self.sessions)] if self.sessions else "none-yet"
        self._ask(MESSAGES, headers=self._bearer(token), json={"webChatSessionId": id, "text": text})

    def raw(self, path: str, body: bytes, media_type: str | None, method: str = "POST", **headers: str) -> None:
        media = {} if media_type is None else {"Content-Type": media_type}
        self._ask(path, method, content=body, headers={**self._bearer(0), **media, **headers})

    def client(self) -> None:
        made = self.tenant.clients.create()
        self._clients.append((made.client_id, made.client_secret))

    def token_ends(self, how: str, token: int) -> None:
        end: Callable[..., object] = getattr(self.tenant.tokens, how)
        end(self._tokens[token % len(self._tokens)] if self._tokens else None)

    def session_ends(self, how: str, session: int) -> None:
        if self.sessions:
            end: Callable[[str], object] = getattr(self.tenant.sessions, how)
            end(self.sessions[session % len(self.sessions)])

    def _bearer(self, token: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[token % len(self._tokens)]}"} if self._tokens else {}

    def _ask(self, path: str, method: str = "POST", **parts: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **parts)
            return dict(json.loads(answer.content or b"{}"))
        except httpx.TransportError:
            return {}


@contextmanager
def life(policy: dict[str, Any] | None = None, settings: Settings | None = None) -> Iterator[Life]:
    """A life on a mock of its own."""
    with assemble(settings) as parts:
        lived = Life(Control(parts), policy or {})
        lived.tenant.clock.freeze()
        yield lived
