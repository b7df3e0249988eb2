"""The mock as a campaign uses it: whoever runs a scenario is told of each request before the platform sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mockserver.engine.model import Operation
from mockserver.wire import METHOD, ROUTES, Call, Handler, Request, Response

Arrived = Callable[[Operation | None], None]
"""Told the operation of a request (None: no such operation) that is about to arrive."""


class Exchange:
    """A request on its way through a door that wants to know its contextId: "" until it has arrived."""

    context_id = ""


_current: ContextVar[Exchange | None] = ContextVar("dayfly_exchange", default=None)


class WatchedHandler(Handler):
    """Calls `arrived` for each request, in whatever thread serves it."""

    arrived: Arrived | None = None
    requests = 0
    """How many requests came: a sign of life, not an exact count."""
    failure: Exception | None = None
    """What the mock itself did wrong, for which no client may be blamed."""

    def arrive(self, request: Request) -> Call:
        """See Handler."""
        self.requests += 1
        with self._owning_up():
            if self.arrived is not None:
                self.arrived(ROUTES.get(request.path) if request.method == METHOD else None)
            call = super().arrive(request)
        exchange = _current.get()
        if exchange is not None:
            exchange.context_id = call.context_id
        return call

    def finish(self, call: Call) -> Response:
        """See Handler."""
        with self._owning_up():
            return super().finish(call)

    @contextmanager
    def _owning_up(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.failure = error
            raise


@contextmanager
def exchange() -> Iterator[Exchange]:
    """The exchange of this thread or task while the context lasts."""
    current = Exchange()
    token = _current.set(current)
    try:
        yield current
    finally:
        _current.reset(token)
