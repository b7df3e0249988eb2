"""The means by which a client in a test reaches a platform, and what is asked of every platform at the test's end."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from contracts.clients.http import Library, make_client
from contracts.clients.names import BASE_URL
from contracts.report.model import Counterexample, Report
from contracts.report.style import PLAIN
from contracts.report.table import table
from contracts.verify import Options
from contracts.verify.errors import violation
from mockserver import inprocess
from mockserver.control import Tenant
from mockserver.wire import Serving


class Served(NamedTuple):
    """The URL of a mock's socket, and the file of the authority to trust there."""

    url: str
    authority: Path | None = None


class Reached:
    """A platform, and the means to reach it: `base_url`, `http_client()`, `transport`, `router()`.

    `authority` is the file of the authority that a client has to trust for HTTPS; None otherwise.

    `clock`, `faults`, `requests`, `trace` and `explain` are those of `mockserver.control.Tenant`. In process nothing waits: a
    latency fault moves the platform's clock instead.
    """

    def __init__(self, tenant: Tenant, handler: Serving, served: Served | None = None) -> None:
        self._handler, self._url = handler, served.url if served is not None else None
        self.authority = served.authority if served is not None else None
        self.clock, self.faults, self.requests = tenant.clock, tenant.faults, tenant.requests
        self.trace, self.explain = tenant.trace, tenant.explain

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

    def sleep(self, seconds: float) -> None:
        """Move the platform's clock, for clients that take a function in place of `time.sleep`."""
        self._pass(seconds)

    def check(self, *clauses: str) -> Report:
        """Judge what the clients of this platform have done so far, by the named clauses or by all.

        Raises ContractViolated if one was violated.
        """
        __tracebackhide__ = True
        return self.judge(Options(clauses=clauses))

    def judge(self, options: Options) -> Report:
        """Judge the same by these options. Raises ContractViolated."""
        __tracebackhide__ = True
        report = self._judged(options)
        if report.failed:
            raise violation(report)
        return report

    def story(self) -> str:
        """Return what happened so far as a table for people; "" if nothing did."""
        found = self._course()
        return "" if found is None else "\n".join(table(found, PLAIN))

    def _judged(self, options: Options) -> Report:
        raise NotImplementedError

    def _course(self) -> Counterexample | None:
        """Return what happened so far, None if nothing did."""
        raise NotImplementedError

    def _trusted(self) -> ssl.SSLContext | bool:
        return self.authority is None or ssl.create_default_context(cafile=self.authority)

    def _pass(self, seconds: float) -> None:
        if seconds > 0:
            self.clock.advance(seconds)

    async def _pass_async(self, seconds: float) -> None:
        self._pass(seconds)
