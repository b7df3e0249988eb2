"""Requests over HTTP, with limits, because an untrusted provider may answer anything, or never stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from contracts.errors import ProbeError
from contracts.platform_requests import PlatformReply
from mockserver.clock import system_clock

TIMEOUT = 30.0
"""Most seconds that an answer may take."""

LARGEST = 1 << 20
"""Most bytes of an answer. The longest documented one, a message's, is far shorter."""


class NoAnswer(ProbeError):
    """A request without a complete answer. `got` is `none`, or `cut` if the body ended early; `why` is httpx's error."""

    def __init__(self, where: str, problem: str, got: str, why: httpx.HTTPError) -> None:
        super().__init__(where, problem)
        self.got, self.why = got, why


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
        self.url, self._headers, self._transport = checked(url), dict(headers or {}), transport
        self._http = self._connected()

    def ask(self, method: str, path: str, **parts: Any) -> PlatformReply:
        """Make one request; `parts` are httpx's. Raises NoAnswer, or ProbeError if the answer does not end."""
        now, body, got, url = system_clock(), bytearray(), "none", str(self.url).rstrip("/")
        began = now()
        self._http.cookies.clear()  # a request shows what it was given, and nothing else
        try:
            with self._http.stream(method, url + path, **parts) as answer:
                got = "cut"
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        raise ProbeError(url, f"{method} {path} is answered with more than {LARGEST} bytes")
                    if now() - began > TIMEOUT * 1000:
                        raise ProbeError(url, f"{method} {path} takes more than {TIMEOUT:g} s to be answered")
        except httpx.HTTPError as error:
            problem = f"{method} {path} gets no answer: {str(error) or type(error).__name__}"
            raise NoAnswer(url, problem, got, error) from error
        return PlatformReply(answer.status_code, dict(answer.headers), bytes(body), tuple(answer.headers.multi_items()))

    def reconnect(self) -> None:
        """Replace connections that a restart has broken."""
        self._http.close()
        self._http = self._connected()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _connected(self) -> httpx.Client:
        return httpx.Client(headers=self._headers, timeout=TIMEOUT, transport=self._transport)
