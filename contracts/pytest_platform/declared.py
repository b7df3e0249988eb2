"""A declared platform for a test: a mock of its own."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress

from contracts.protocol import journal
from contracts.protocol.course import CourseOfRun
from contracts.protocol.recording import Reading
from contracts.pytest_platform.reached import Reached, Served
from contracts.report.model import Counterexample, Report
from contracts.verify import Options
from contracts.verify.declared import PlatformSource
from mockserver.control import Tenant
from mockserver.declared.assembly import DeclaredAssembly
from mockserver.declared.credentials import DeclaredCredentials
from mockserver.declared.handler import DeclaredCall, DeclaredHandler
from mockserver.engine.model import DEFAULT_ORGANIZATION
from mockserver.wire import Request


class WatchedDeclaredHandler(DeclaredHandler):
    """A handler that knows if one caller made all requests, one after another."""

    _callers: frozenset[object] = frozenset()

    @property
    def is_sequential(self) -> bool:
        """True if all requests came from one thread, or from one task of asyncio or trio."""
        return len(self._callers) == 1

    def arrive(self, request: Request) -> DeclaredCall:
        """See DeclaredHandler."""
        self._callers |= {_caller()}
        return super().arrive(request)


def _caller() -> object:
    """Return the task that is at work, or the thread if it runs no event loop."""
    found = (sys.modules.get(name) for name in ("asyncio", "trio.lowlevel"))
    for library in (one for one in found if one is not None):
        with suppress(RuntimeError):
            return library.current_task()
    return threading.get_ident()


class DeclaredPlatform(Reached):
    """A mock of a declared platform. `credentials` are those of any kind, and `registered` are those that it begins with.

    `client_id` and `client_secret` are those of the first registered kind; "" without one.
    """

    def __init__(
        self,
        name: str,
        declared: PlatformSource,
        parts: DeclaredAssembly,
        handler: WatchedDeclaredHandler,
        served: Served | None = None,
    ) -> None:
        super().__init__(Tenant(parts, DEFAULT_ORGANIZATION), handler, served)
        self._name, self._declared, self._mock = name, declared, parts.mock
        self._watched = handler if served is None else None
        self.credentials, self.registered = DeclaredCredentials(parts.mock), parts.mock.registered
        self.reset = parts.mock.reset

    @property
    def client_id(self) -> str:
        """The id of the first registered credential."""
        return next((one.id for one in self.registered.values()), "")

    @property
    def client_secret(self) -> str:
        """The first value that is bound to it."""
        return next((secret for one in self.registered.values() for secret in one.bound.values()), "")

    def _reading(self) -> Reading:
        sequential = self._watched is not None and self._watched.is_sequential
        return journal.read(self.trace(), self._mock.platform, complete=True, sequential=sequential)

    def _judged(self, options: Options) -> Report:
        return self._declared.check(self._name, self._reading(), options, "test")

    def _course(self) -> Counterexample | None:
        trace = self._reading().trace
        course = CourseOfRun(self._mock.platform, trace)
        return Counterexample(message="", evidence=(), course=course) if trace.exchanges or trace.events else None
