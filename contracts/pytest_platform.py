"""The platform for a test: an organisation of its own, in process or behind a socket."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from contracts.clients.http import Library, make_client
from contracts.report.model import Counterexample, Report
from contracts.report.style import PLAIN
from contracts.report.table import table
from contracts.verify import ContractViolated, Options, check
from mockserver import inprocess
from mockserver.assemble import Assembly, assemble
from mockserver.control import Control, Tenant

BASE_URL = "https://platform.invalid"
"""A name that no network resolves, so that a request outside of the transport fails."""


class Platform:
    """An organisation, and the means to reach it: `base_url`, credentials, `http_client()`, `transport`.

    `authority` is the file of the authority that a client has to trust for HTTPS; None otherwise.

    `clock`, `sessions`, `tokens`, `clients`, `faults`, `requests`, scopes, policy and reports of it are those of
    `mockserver.control.Tenant`. In process nothing waits: a latency fault moves the organisation's clock instead.
    """

    def __init__(self, tenant: Tenant, assembly: Assembly, url: str | None = None, authority: Path | None = None) -> None:
        self._name, self._handler, self._url, self.authority = tenant.name, assembly.handler, url, authority
        self.id, self.client_id, self.client_secret = tenant.id, tenant.client_id, tenant.client_secret
        self.clock, self.sessions, self.tokens, self.clients = tenant.clock, tenant.sessions, tenant.tokens, tenant.clients
        self.faults, self.requests = tenant.faults, tenant.requests
        self.policy, self.set_policy = tenant.policy, tenant.set_policy
        self.grant_scope, self.revoke_scope, self.reject_tokens = tenant.grant_scope, tenant.revoke_scope, tenant.reject_tokens
        self.trace, self.explain, self.reset = tenant.trace, tenant.explain, tenant.reset

    @property
    def base_url(self) -> str:
        """The URL of the platform."""
        return self._url or BASE_URL

    @property
    def transport(self) -> httpx.BaseTransport:
        """A transport for a user's own `httpx.Client`."""
        return httpx.HTTPTransport(verify=self._trusted()) if self._url else inprocess.Transport(self._handler, self._pass)

    @property
    def async_transport(self) -> httpx.AsyncBaseTransport:
        """A transport for a user's own `httpx.AsyncClient`."""
        return (
            httpx.AsyncHTTPTransport(verify=self._trusted())
            if self._url
            else inprocess.AsyncTransport(self._handler, self._pass_async)
        )

    def http_client(self, *, asynchronous: bool = False, library: Library = "httpx", **options: Any) -> Any:
        """Return a `Client` of the library, or its `AsyncClient`, that reaches the platform. The caller has to close it.

        `options` are passed to it; paths are relative to `base_url`. Raises NoSuchLibrary.
        """
        own = {"base_url": self.base_url, **options}
        if self._url:
            return make_client(
                library, None, asynchronous=asynchronous, **{"trust_env": False, "verify": self._trusted(), **own}
            )
        transport = self.async_transport if asynchronous else self.transport
        return make_client(library, transport, asynchronous=asynchronous, **own)

    @contextmanager
    def router(self, base_url: str | None = None) -> Iterator[Any]:
        """Answer every httpx call to `base_url`, or to any host, meanwhile. Yields the `respx` router."""
        with inprocess.router(self._handler, base_url, self._pass) as router:
            yield router

    def check(self, *clauses: str) -> Report:
        """Judge what the clients of this platform have done so far, by the named clauses or by all.

        Raises ContractViolated if one was violated.
        """
        __tracebackhide__ = True
        return self.judge(Options(clauses=clauses))

    def judge(self, options: Options) -> Report:
        """Judge the same by these options. Raises ContractViolated."""
        __tracebackhide__ = True
        report = check(self._name, tuple(self.trace()), options, source="test")
        if report.failed:
            raise ContractViolated(report)
        return report

    def story(self) -> str:
        """Return what happened so far as a table for people; "" if nothing did."""
        trace = tuple(self.trace())
        return "\n".join(table(Counterexample(message="", evidence=(), trace=trace), PLAIN)) if len(trace) > 1 else ""

    def _trusted(self) -> ssl.SSLContext | bool:
        return self.authority is None or ssl.create_default_context(cafile=self.authority)

    def _pass(self, seconds: float) -> None:
        if seconds > 0:
            self.clock.advance(seconds)

    async def _pass_async(self, seconds: float) -> None:
        self._pass(seconds)


class Platforms:
    """Makes platforms on one mock, which opens a socket when it is first needed. A context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._assembly = self._stack.enter_context(assemble())
        self._control = Control(self._assembly)
        self._served: dict[bool, _Served] = {}

    @contextmanager
    def platform(
        self, name: str = "", *, live: bool = False, tls: bool = False, policy: Mapping[str, Any] | None = None
    ) -> Iterator[Platform]:
        """Provide a platform meanwhile: in process, or `live` behind a socket, with `tls` by HTTPS.

        Requests that name no organisation are journalled in the most recent one.
        """
        made = self._control.create_organization(name, policy=policy)
        self._control.assign_strays_to(made.id)
        try:
            yield Platform(made, self._assembly, *(self._socket(tls) if live or tls else ()))
        finally:
            self._control.assign_strays_to("unassigned")
            self._control.delete(made.id)

    def close(self) -> None:
        """Close the socket, and free the memory."""
        self._stack.close()

    def _socket(self, tls: bool) -> _Served:
        if tls not in self._served:
            from mockserver.live import LiveServer
            from mockserver.web.app import create_app
            from mockserver.web.tls import throw_away

            identity = self._stack.enter_context(throw_away()) if tls else None
            server = self._stack.enter_context(LiveServer(create_app(self._assembly), identity=identity))
            self._served[tls] = _Served(server.url, identity.authority if identity is not None else None)
        return self._served[tls]


class _Served(NamedTuple):
    """The URL of the mock's socket, and the file of the authority to trust there."""

    url: str
    authority: Path | None
