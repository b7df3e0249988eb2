"""Asks over HTTP, within bounds: who is probed may answer anything, and go on for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from contracts.asking import Reply
from contracts.probe.errors import ProbeError
from contracts.verify.stopwatch import Stopwatch

TIMEOUT = 30.0
"""Seconds an answer may take."""

LARGEST = 1 << 20
"""Bytes that it may have: the longest that is documented is a message's, far shorter than that."""

NONE: Mapping[str, str] = {}


def checked(url: str) -> httpx.URL:
    """The URL of a provider. Raises ProbeError where it is none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ProbeError(url, f"is no URL: {error}") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ProbeError(url, "is no URL of a provider, as http://127.0.0.1:8403 would be one")
    if parsed.userinfo:
        raise ProbeError(parsed.host, "its URL names a user; --client-id and --client-secret are for that")
    return parsed


class Web:
    """An HTTP client for the provider at `url`, which shows `headers` each time; `transport` may spare the socket."""

    def __init__(
        self, url: str, headers: Mapping[str, str] | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._url, self._headers, self._transport = checked(url), dict(headers or {}), transport
        self._http = self._connected()

    def ask(self, method: str, path: str, **parts: Any) -> Reply:
        """One exchange; `parts` are httpx's. Raises ProbeError where nothing comes back, or no end of it."""
        stopwatch, body = Stopwatch(), bytearray()
        try:
            with self._http.stream(method, path, **parts) as answer:
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        raise self._error(method, path, f"is answered with more than {LARGEST} bytes")
                    if stopwatch.seconds() > TIMEOUT:
                        raise self._error(method, path, f"takes more than {TIMEOUT:g} s to be answered")
        except httpx.HTTPError as error:
            raise self._error(method, path, f"gets no answer: {str(error) or type(error).__name__}") from error
        return Reply(answer.status_code, dict(answer.headers), bytes(body))

    def reconnect(self) -> None:
        """Forgets connections that a restart has broken."""
        self._http.close()
        self._http = self._connected()

    def close(self) -> None:
        """Gives back connections."""
        self._http.close()

    def _connected(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers=self._headers, timeout=TIMEOUT, transport=self._transport)

    def _error(self, method: str, path: str, problem: str) -> ProbeError:
        return ProbeError(str(self._url).rstrip("/"), f"{method} {path} {problem}")
