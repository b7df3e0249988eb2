"""The mock as a campaign uses it: the scenario's runner hears of each request before the platform sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from msgspec.structs import replace

from mockserver.engine.model import Operation
from mockserver.wire import METHOD, ROUTES, ArrivedCall, Handler, Request, Response, Serving

S = TypeVar("S")
T = TypeVar("T")

Arrived = Callable[[Operation | None], float]
"""Takes the operation of an arriving request (None: unknown operation); returns the seconds to hold it up."""


class WatchedRequest:
    """A request whose sender wants to know its contextId: "" until it has arrived.

    While the context lasts, it is the exchange of this thread or task.
    """

    context_id = ""
    _returns: ClassVar[int] = 0

    def __init__(self) -> None:
        self._before = WatchedRequest._returns

    def overtaken_by(self) -> int:
        """Return how many other answers came back since this request left the client. Its own comes back now."""
        WatchedRequest._returns += 1
        return WatchedRequest._returns - self._before - 1

    def __enter__(self) -> Self:
        self._outer: Token[WatchedRequest | None] = _current.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _current.reset(self._outer)


_current: ContextVar[WatchedRequest | None] = ContextVar("dayfly_exchange", default=None)


class Watched(Serving):
    """A handler that a scenario's runner watches. It comes before the platform's own among the bases of a class."""

    requests = 0
    """How many requests came: a sign of life, not an exact count."""
    failure: Exception | None = None
    """An exception of the mock itself, for which a client must not be blamed."""

    def noting_failure(self, serve: Callable[[S], T], what: S) -> T:
        """Return what `serve` does, and note an exception of the mock itself that it raises."""
        try:
            return serve(what)
        except Exception as error:
            self.failure = error
            raise

    def finish(self, call: Any) -> Response:
        """See Serving."""
        return self.noting_failure(super().finish, call)


def is_arrived(context_id: str) -> None:
    """Give the exchange of this thread or task, if there is one, its contextId."""
    exchange = _current.get()
    if exchange is not None:
        exchange.context_id = context_id


class WatchedHandler(Watched, Handler):
    """Calls `arrived` for each request, in the thread that serves it."""

    arrived: Arrived | None = None
    strayed: Callable[[str], None] | None = None
    """Takes a line about a request for a page, such as the one that redirects lead to. It is not journalled."""
    clients_known = 8
    """Each scenario has a client of its own. To search for the secrets of all would cost more than to decide a request."""

    def arrive(self, request: Request) -> ArrivedCall:
        """See Handler."""
        self.requests += 1
        call = self.noting_failure(self._arrive, request)
        if call.operation is None and call.answered_with is not None and self.strayed is not None:
            self.strayed(f"{request.method} {request.path}: {call.answered_with.status}, from a page and not the platform\n")
        is_arrived(call.context_id)
        return call

    def _arrive(self, request: Request) -> ArrivedCall:
        held_up = 0.0
        if self.arrived is not None:
            held_up = self.arrived(ROUTES.get(request.path) if request.method == METHOD else None)
        call = super().arrive(request)
        if held_up:
            call.effect = replace(call.effect, before=call.effect.before + round(1000 * held_up))
        return call

    def answered(self, call: ArrivedCall) -> Response:
        """See Handler. The trace is made of all entries soon, so the answer is kept for its entry."""
        call.sent = super().answered(call)
        return call.sent
