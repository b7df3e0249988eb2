"""HTTP clients, of the library that the caller names."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Literal, get_args

import httpx

from contracts.errors import ContractsError

Library = Literal["httpx", "httpx2"]
AnyTransport = httpx.BaseTransport | httpx.AsyncBaseTransport


class NoSuchLibrary(ContractsError):
    """The HTTP library is not installed, or not supported."""


def make_client(library: Library, transport: AnyTransport | None, *, asynchronous: bool, **options: Any) -> Any:
    """Return a `Client` of the library, or its `AsyncClient`, on a transport for httpx (None: the library's own).

    `options` are the library's. Raises NoSuchLibrary.
    """
    module = _loaded(library)
    if transport is not None:
        options = {"transport": _suited(library, transport), **options}
    return module.AsyncClient(**options) if asynchronous else module.Client(**options)


def _loaded(library: str) -> ModuleType:
    if library == "httpx":
        return httpx
    if library not in get_args(Library):
        raise NoSuchLibrary(f"library must be one of {', '.join(get_args(Library))}, not {library!r}")
    try:
        import httpx2
    except ModuleNotFoundError as error:
        raise NoSuchLibrary("httpx2 is not installed; pip install 'dayfly[httpx2]' brings it") from error
    return httpx2


def _suited(library: Library, transport: AnyTransport) -> Any:
    if library == "httpx":
        return transport
    from mockserver import httpx2_transport as adapted

    if isinstance(transport, httpx.BaseTransport):
        return adapted.Transport(transport)
    return adapted.AsyncTransport(transport)
