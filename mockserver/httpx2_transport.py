"""Transports for httpx2, the successor of httpx, on top of transports for httpx.

Importing this module requires httpx2.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import httpx2


class Transport(httpx2.BaseTransport):
    """A transport for `httpx2.Client` that calls `transport` and raises httpx2's errors instead of httpx's."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _carried_over(request):
            return _response(self._transport.handle_request(_request(request, request.read())), request)


class AsyncTransport(httpx2.AsyncBaseTransport):
    """A transport for `httpx2.AsyncClient` that calls `transport` and raises httpx2's errors instead of httpx's."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        with _carried_over(request):
            return _response(await self._transport.handle_async_request(_request(request, await request.aread())), request)


class _FailingBody(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body whose reading may fail with one of httpx2's errors."""

    def __init__(self, stream: object, request: httpx2.Request) -> None:
        self._stream: Any = stream
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with _carried_over(self._request):
            yield from self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _carried_over(self._request):
            async for part in self._stream:
                yield part


def _request(request: httpx2.Request, body: bytes) -> httpx.Request:
    extensions = {"timeout": request.extensions.get("timeout", {})}
    return httpx.Request(request.method, str(request.url), headers=request.headers.raw, content=body, extensions=extensions)


def _response(response: httpx.Response, request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(
        response.status_code, headers=response.headers.raw, stream=_FailingBody(response.stream, request), request=request
    )


@contextmanager
def _carried_over(request: httpx2.Request) -> Iterator[None]:
    """Raise httpx2's error of the same name; it has all of httpx's."""
    try:
        yield
    except httpx.TransportError as error:
        kind = cast("type[httpx2.TransportError]", getattr(httpx2, type(error).__name__))
        raise kind(str(error), request=request) from error
