"""Requests over HTTP, with limits, because an untrusted provider may answer anything, or never stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from contracts.asking import Reply
from contracts.probe.errors import ProbeError
from contracts.verify.stopwatch import Stopwatch

TIMEOUT = 30.0
"""Most seconds that an answer may take."""

LARGEST = 1 << 20
"""Most bytes of an answer. The longest documented one, a message's, is far shorter."""

NONE: Mapping[str, str] = {}


def checked(url: str) -> httpx.URL:
    """Parse the URL of a provider. Raises ProbeError if it is not valid."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ProbeError(url, f"is not a URL: {error}") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ProbeError(url, "is not the URL of a provider, such as http://127.0.0.1:8403")
    if parsed.userinfo:
        raise ProbeError(parsed.host, "its URL contains a user; give --client-id and --client-secret instead")
    return parsed


class Web:
    """An HTTP client for the provider at `url`, which always sends `headers`. A `transport` can replace the socket."""

    def __init__(
        self, url: str, headers: Mapping[str, str] | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._url, self._headers, self._transport = checked(url), dict(headers or {}), transport
        self._http = self._connected()

    def ask(self, method: str, path: str, **parts: Any) -> Reply:
        """Make one request; `parts` are httpx's. Raises ProbeError if the answer is missing, or does not end."""
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
        """Replace connections that a restart has broken."""
        self._http.close()
        self._http = self._connected()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _connected(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers=self._headers, timeout=TIMEOUT, transport=self._transport)

    def _error(self, method: str, path: str, problem: str) -> ProbeError:
        return ProbeError(str(self._url).rstrip("/"), f"{method} {path} {problem}")
