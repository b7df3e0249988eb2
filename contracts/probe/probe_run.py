"""One run: its organisation, the changes of it, and the requests to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import ProbeError
from contracts.platform_requests import TEXT, ClientCredentials, PlatformReply, for_message, for_session, for_token
from contracts.probe.judging import Judge, Results
from contracts.probe.provider import Provider
from contracts.probe.recorder import RecordedExchange, Recorder
from contracts.remote.control import ProbedOrganization
from mockserver.clock import system_clock
from mockserver.journal import SESSION_ID
from mockserver.wire.message import Request

LONGEST_WAIT = 120
"""Most seconds a probe waits if a provider without control asks it to."""

_SHOWABLE = re.compile("[!-~]+")
"""Matches tokens that a header can carry."""


class GivenUp(Exception):
    """A run cannot go on, because a preparing step went wrong. The ledger has the violation."""


class ProbeClient:
    """An OAuth client in a run. `authorization` is the header with its token, fetched when it is first needed."""

    def __init__(self, world: ProbeRun, credentials: ClientCredentials, authorization: str = "") -> None:
        self._world, self.credentials, self._authorization = world, credentials, authorization
        world.belongs_here(credentials.basic)

    @property
    def authorization(self) -> str:
        """The Authorization header."""
        return self._authorization or self.login()

    def login(self, **form: str) -> str:
        """Fetch a new token, and return its header, which later requests send. Raises ProbeError if the provider
        issues none.
        """
        reply, name = self._world.ask(for_token(self.credentials, **form)).reply, self._world.provider.name
        token = reply.told("access_token")
        if reply.status != 200:
            raise ProbeError(name, f"the token request is answered {reply}; are the credentials right?")
        if not _SHOWABLE.fullmatch(token):
            raise ProbeError(name, "the token request is answered 200, but without a token that a header can carry")
        self._authorization = f"Bearer {token}"
        self._world.belongs_here(self._authorization)
        return self._authorization


class ProbeRun:
    """A provider during one run. Times are in milliseconds. With control the clock is frozen, and `advance` moves it.

    `me` is the run's OAuth client. Without control it is the same in every run, and may have its `authorization` already.
    `judge` judges the answers.
    """

    def __init__(self, provider: Provider, ledger: Results, policy: Mapping[str, Any], authorization: str = "") -> None:
        self.provider = provider
        self._organization = None if provider.control is None else provider.control.create(policy)
        self._system, self._stands = system_clock(), 0
        self._runs_since: int | None = None
        in_process = all(door.in_process for door in provider.doors)
        self._tape = Recorder(virtual=self._organization is not None, in_process=in_process, policy=dict(policy))
        self.judge = Judge(ledger, self._tape)
        self._shown_here: set[str | None] = set()
        credentials = provider.credentials if self._organization is None else self._organization.credentials
        if credentials is None:
            raise ProbeError(provider.name, "has neither a control API nor credentials")
        self.me = ProbeClient(self, credentials, authorization)

    def begin(self) -> str:
        """Stop the clock, if there is control, and log in. Return the Authorization header. Raises ProbeError."""
        if self._organization is not None:
            self._stands = self._organization.freeze()
        return self.me.authorization

    def belongs_here(self, authorization: str) -> None:
        """Note that requests with this header are answered by this organisation's clock. Of others that is unknown."""
        self._shown_here.add(authorization)

    def close(self) -> None:
        """Delete the organisation."""
        if self._organization is not None:
            self._organization.delete()

    # -- changes, which need control ----------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The provider's clock, or this machine's if it is unknown."""
        if self._organization is None:
            return self._system()
        return self._stands + (0 if self._runs_since is None else self._system() - self._runs_since)

    def advance(self, milliseconds: int) -> None:
        """Move the clock forward."""
        self._tape.change("advance", {"seconds": milliseconds / 1000}, self.now)
        self._control.advance(milliseconds)
        self._stands += milliseconds

    def let_run(self) -> None:
        """Let the clock run, which shows whether replicas use the same one."""
        self._tape.change("resume_clock", {}, self.now)
        self._control.resume()
        self._runs_since = self._system()

    def set_policy(self, values: Mapping[str, Any]) -> None:
        """Change the policy. Deadlines that are set already stay."""
        self._tape.change("set_policy", dict(values), self.now)
        self._control.set_policy(values)

    def set_scopes(self, actor: ProbeClient, *scopes: str) -> None:
        """Give an OAuth client exactly these scopes."""
        self._tape.change("set_scopes", {"scopes": list(scopes)}, self.now)
        self._control.set_scopes(actor.credentials.client_id, scopes)

    def another(self) -> ProbeClient:
        """Create another OAuth client of the organisation."""
        return ProbeClient(self, self._control.add_client())

    def restart(self) -> None:
        """Restart a replica."""
        assert self.provider.restart is not None, "the trial needs a restart"
        self._tape.change("restart", {}, self.now)
        self.provider.restart()
        self.provider.reconnect()

    @property
    def _control(self) -> ProbedOrganization:
        assert self._organization is not None, "the trial needs control"
        return self._organization

    # -- asking ------------------------------------------------------------------------------------------------------

    def ask(self, request: Request, replica: int = 0) -> RecordedExchange:
        """Make one request. If a provider without control asks for a wait, it is granted, and the run is void."""
        door = self.provider.doors[replica]
        reply = door.ask(request)
        if reply.status == 429 and self._organization is None:
            self.provider.wait(self._patience(reply))
            self.judge.is_void = True
            reply = door.ask(request)
        exchange = self._tape.exchange(request, reply, self.now)
        self.judge.look_at(exchange, self._time_of(request))
        return exchange

    def race(self, requests: Sequence[Request]) -> list[RecordedExchange]:
        """Make all requests at the same time, over all replicas."""
        doors = self.provider.doors
        waiting = [doors[number % len(doors)].begin(request) for number, request in enumerate(requests)]
        replies = [wait() for wait in waiting]
        exchanges = self._tape.exchanges(list(zip(requests, replies, strict=True)), self.now)
        for exchange in exchanges:
            self.judge.look_at(exchange, self._time_of(exchange.request))
        return exchanges

    def create(self, actor: ProbeClient | None = None, replica: int = 0) -> RecordedExchange:
        """Request a session."""
        return self.ask(for_session((actor or self.me).authorization), replica)

    def session(self, actor: ProbeClient | None = None, replica: int = 0) -> str:
        """Return a fresh session's id. Raises GivenUp if there is none."""
        created = self.create(actor, replica)
        id = created.reply.told(SESSION_ID)
        if not self.judge.accepts(created, "P1", "a create") or not id:
            raise GivenUp
        return id

    def message(self, session: str, actor: ProbeClient | None = None, replica: int = 0, text: str = TEXT) -> RecordedExchange:
        """Send a message."""
        return self.ask(for_message((actor or self.me).authorization, session, text), replica)

    def _time_of(self, request: Request) -> int | None:
        stands = self._organization is not None and self._runs_since is None
        return self._stands if stands and request.authorization in self._shown_here else None

    def _patience(self, reply: PlatformReply) -> float:
        if reply.retry_after is None or reply.retry_after > LONGEST_WAIT:
            told = reply.headers.get("retry-after")
            raise ProbeError(self.provider.name, f"429, Retry-After {told!r}: try later, or with fewer --examples")
        return reply.retry_after
