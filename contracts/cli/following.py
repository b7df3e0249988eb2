"""Following the journal of a running mock: what was there last, then everything that comes, across lost connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import Struct

from contracts.cli.sources import ask, client, explained_refusal
from mockserver.clock import pause
from mockserver.exchanges import Exchange
from mockserver.journal import Perturbed

if TYPE_CHECKING:
    import httpx
    from httpx_sse import ServerSentEvent

RETRY = 1.0
"""Seconds between two attempts to reach a mock that went away."""

SILENCE = 10.0
"""Seconds without a byte after which a stream is held for lost: the mock says each second that there is nothing new."""


_STRAYS = "/__admin/organizations/unassigned/requests"


class Page(Struct):
    """The end of a journal: the requests in it, newest first, and the number of its newest entry."""

    newest: int
    requests: list[Exchange]


class Journal:
    """An organisation's journal at the mock at `url`, as far as it passes the filters of `wanted`: query parameters."""

    def __init__(self, url: str, organization: str, admin_token: str, wanted: Mapping[str, str]) -> None:
        self._url, self._admin_token, self._wanted = url, admin_token, wanted
        self._path = f"/__admin/organizations/{organization}/requests"
        self._seen = 0

    def last(self, count: int) -> list[Exchange]:
        """The last `count` answered requests, oldest first. What follows begins after them. Raises ClickException."""
        answer = ask(self._url, self._path, self._admin_token, {**self._wanted, "limit": str(max(1, count))})
        page = msgspec.json.decode(answer.content, type=Page)
        self._seen = page.newest
        answered = [exchange for exchange in reversed(page.requests) if exchange.answer_seq is not None]
        return answered[-count:] if count else []

    def strays(self) -> tuple[int, bool]:
        """Return how many requests named no organisation, and whether there is only one that they can be meant for."""
        if self._path == _STRAYS:
            return 0, False
        count = msgspec.json.decode(ask(self._url, f"{_STRAYS}/count", self._admin_token, {}).content)["count"]
        if not count:
            return 0, True
        found = msgspec.json.decode(ask(self._url, "/__admin/organizations", self._admin_token, {}).content)
        return count, len(found["organizations"]) == 1

    def follow(self, lost: Callable[[str], object], wait: Callable[[float], object] = pause) -> Iterator[Exchange | Perturbed]:
        """What comes from now on, without end. `lost` is told why the stream broke, each time; it goes on where it was.

        Raises ClickException where the mock refuses: the organisation is gone, say.
        """
        import httpx

        with client(self._url, self._admin_token, SILENCE) as http:
            while True:
                try:
                    yield from self._stream(http)
                    lost("the mock ended the stream")
                except httpx.TransportError as problem:
                    lost(str(problem) or type(problem).__name__)
                wait(RETRY)

    def _stream(self, http: httpx.Client) -> Iterator[Exchange | Perturbed]:
        from httpx_sse import connect_sse

        headers = {"Last-Event-ID": str(self._seen)}
        with connect_sse(http, "GET", self._path, params={**self._wanted, "follow": ""}, headers=headers) as source:
            if source.response.status_code != 200:
                source.response.read()
                raise explained_refusal(self._url, source.response)
            for event in source.iter_sse():
                if event.data:
                    yield self._read(event)

    def _read(self, event: ServerSentEvent) -> Exchange | Perturbed:
        if event.event == "error":
            raise click.ClickException(msgspec.json.decode(event.data)["message"])
        self._seen = int(event.id)
        if event.event == "perturbed":
            return msgspec.json.decode(event.data, type=Perturbed)
        return msgspec.json.decode(event.data, type=Exchange)
