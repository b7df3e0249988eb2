"""Access without a socket: an httpx transport and a respx router that call the handler.

A broken exchange looks to a client as follows. A lost request is `httpx.ConnectError`, a lost response `httpx.ReadError`. A
truncated body is `httpx.RemoteProtocolError` while it is read. An answer that comes later than the client's read timeout is
`httpx.ReadTimeout`, but the platform has acted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx

from mockserver.clock import pause
from mockserver.wire import Request, Response, Serving
from mockserver.wire.message import USUAL, bounded

if TYPE_CHECKING:
    import respx

Wait = Callable[[float], None]
AsyncWait = Callable[[float], Awaitable[None]]


_USUAL = frozenset(name.encode() for name in USUAL)


def to_request(request: httpx.Request, body: bytes) -> Request:
    """Return an httpx request, whose body was read, in the handler's form."""
    headers = request.headers
    given = headers.raw
    found = {name.lower(): value for name, value in given}
    if len(found) < len(given):  # a repeated header counts as one
        found = {name.encode("latin-1"): value.encode(headers.encoding) for name, value in headers.items()}

    def text(name: bytes) -> str | None:
        value = found.get(name)
        return None if value is None else value.decode("ascii" if value.isascii() else headers.encoding)

    others = [] if found.keys() <= _USUAL else [(name.decode("latin-1"), text(name) or "") for name in found.keys() - _USUAL]
    return Request(
        method=request.method,
        path=request.url.path,
        query=request.url.query.decode("latin-1"),
        authorization=text(b"authorization"),
        content_type=text(b"content-type"),
        body=body,
        size=len(body),
        agent=text(b"user-agent"),
        others=bounded(sorted(others)),
        host=text(b"host"),
        scheme=request.url.scheme,
    )


def to_response(answer: Response, request: httpx.Request) -> httpx.Response:
    """Return the handler's answer in httpx's form. Raises the error of a broken delivery."""
    if answer.delivery != "complete":
        return _broken(answer, request)
    stream = _Pieces(answer.pieces) if answer.split else _Whole(answer.body)
    response = httpx.Response(answer.status, headers=answer.headers, stream=stream, request=request)
    response.headers.encoding = "ascii"  # as httpx finds out otherwise, header by header
    if isinstance(stream, _Whole):
        stream.response = response
    return response


def _broken(answer: Response, request: httpx.Request) -> httpx.Response:
    if answer.delivery == "lost_request":
        raise httpx.ConnectError("the connection could not be made (injected fault)", request=request)
    if answer.delivery == "lost_response":
        raise httpx.ReadError("the connection closed before an answer (injected fault)", request=request)
    early = httpx.RemoteProtocolError("the body ended before its Content-Length (injected fault)", request=request)
    return httpx.Response(answer.status, headers=answer.headers, stream=_Pieces([answer.half], early), request=request)


class _Whole(httpx.ByteStream):
    """A body in one piece. When it is closed, its `response` holds it and no longer the client's own stream.

    That one refers back to the response, so each answer would have to wait for the garbage collector.
    """

    response: httpx.Response | None = None

    def close(self) -> None:
        if self.response is not None:
            self.response.stream, self.response = self, None

    async def aclose(self) -> None:
        self.close()


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in the pieces in which it is sent; with an `error` it ends too early."""

    def __init__(self, pieces: list[bytes], error: Exception | None = None) -> None:
        self._pieces, self._error = pieces, error

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        if self._error is not None:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class _Patience:
    """The rest of a client's read timeout."""

    def __init__(self, request: httpx.Request) -> None:
        timeout = request.extensions.get("timeout", {}).get("read")
        self._left = float("inf") if timeout is None else float(timeout)
        self._request = request

    def share(self, delay: float) -> float:
        """Return how much of `delay` the client waits."""
        waited = min(delay, self._left)
        self._left -= waited
        return waited

    def check(self, delay: float, waited: float) -> None:
        """Raise ReadTimeout if the client gave up before the delay was over."""
        if waited < delay:
            raise httpx.ReadTimeout("no answer within the read timeout", request=self._request)


class Transport(httpx.BaseTransport):
    """Answers an `httpx.Client` from a handler. `wait` takes seconds; tests pass one that moves a virtual clock."""

    def __init__(self, handler: Serving, wait: Wait = pause) -> None:
        self._handler, self._wait = handler, wait

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = self._handler.arrive(to_request(request, request.read()))
        if call.delay:
            return self._answered_late(call, request)
        answer = self._handler.finish(call)
        if answer.delay:
            self._hold_up(answer.delay, _Patience(request))
        return to_response(answer, request)

    def _answered_late(self, call: Any, request: httpx.Request) -> httpx.Response:
        patience = _Patience(request)
        waited = patience.share(call.delay)
        self._wait(waited)
        answer = self._handler.finish(call)
        patience.check(call.delay, waited)
        if answer.delay:
            self._hold_up(answer.delay, patience)
        return to_response(answer, request)

    def _hold_up(self, delay: float, patience: _Patience) -> None:
        """Wait until the answer leaves. Raise ReadTimeout if the client gives up before."""
        waited = patience.share(delay)
        self._wait(waited)
        patience.check(delay, waited)


async def _sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


class AsyncTransport(httpx.AsyncBaseTransport):
    """Answers an `httpx.AsyncClient` from a handler. `wait` takes seconds and is awaited."""

    def __init__(self, handler: Serving, wait: AsyncWait = _sleep) -> None:
        self._handler, self._wait = handler, wait

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = self._handler.arrive(to_request(request, await request.aread()))
        patience = _Patience(request)
        waited = patience.share(call.delay)
        if waited:
            await self._held_up(call, waited)
        answer = self._handler.finish(call)
        patience.check(call.delay, waited)
        waited = patience.share(answer.delay)
        if waited:
            await self._wait(waited)
        patience.check(answer.delay, waited)
        return to_response(answer, request)

    async def _held_up(self, call: Any, seconds: float) -> None:
        """Wait until the platform acts. If the client stops waiting, it acts at once, because the request has left."""
        import asyncio

        try:
            await self._wait(seconds)
        except asyncio.CancelledError:
            self._handler.finish(call)
            raise


def router(handler: Serving, base_url: str | None = None, wait: Wait = pause) -> respx.MockRouter:
    """Return a respx router that answers every route from the handler. It serves sync and async clients.

    It does not assert which routes were called. `base_url` restricts it to one host; without it any host is answered.
    """
    import respx

    transport = Transport(handler, wait)
    mock = respx.MockRouter(assert_all_called=False, base_url=base_url)
    mock.route().mock(side_effect=transport.handle_request)
    return mock
