"""Following the journal of a running mock: its latest requests, then each new one, even after the connection was lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import msgspec
from msgspec import Struct

from contracts.cli.sources import asked, client, explained_refusal
from mockserver.clock import pause
from mockserver.journal import Perturbed
from mockserver.journal_queries import Exchange

if TYPE_CHECKING:
    import httpx
    from httpx_sse import ServerSentEvent

V = TypeVar("V")

UNASSIGNED, UNASSIGNED_ID = "unassigned", "ffffffff"
"""The journal of requests that name no organisation."""

RETRY = 1.0
"""Seconds between two attempts to reach a mock that cannot be reached."""

SILENCE = 10.0
"""Seconds without a byte after which a stream counts as lost. The mock writes something each second."""


class JournalEnd(Struct):
    """The end of a journal: its latest requests, newest first, and the number of its newest entry."""

    newest: int
    requests: list[Exchange]


class Organizations(Struct):
    """The organisations of a mock."""

    organizations: list[Any]


class Number(Struct):
    """The number of requests in a journal."""

    count: int


class Journal:
    """An organisation's journal at the mock at `url`, filtered by the query parameters `wanted`."""

    def __init__(self, url: str, organization: str, admin_token: str, wanted: Mapping[str, str]) -> None:
        self._url, self._admin_token, self._wanted = url, admin_token, wanted
        self._path = f"/__admin/organizations/{organization}/requests"
        self._seen = 0

    def last(self, count: int) -> list[Exchange]:
        """Return the last `count` answered requests, oldest first. `follow` continues after them. Raises ClickException."""
        query = {**self._wanted, "limit": str(max(1, count))}
        page = asked(JournalEnd, self._url, self._path, self._admin_token, query)
        self._seen = page.newest
        answered = [exchange for exchange in reversed(page.requests) if exchange.answer_seq is not None]
        return answered[-count:] if count else []

    def follow(self, lost: Callable[[str], object], wait: Callable[[float], object] = pause) -> Iterator[Exchange | Perturbed]:
        """Yield each new request or perturbation, without end. A lost stream is resumed; `lost` gets the reason each time.

        Raises ClickException if the mock refuses, for example because the organisation was deleted.
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


class Strays:
    """Requests that name no organisation, besides the journal of `organization`.

    If that is the only organisation they are meant for it, and shown; else they are only counted.
    """

    def __init__(self, url: str, organization: str, admin_token: str, wanted: Mapping[str, str]) -> None:
        """Raises ClickException if the mock cannot be asked."""
        self.count, self.shown = 0, False
        self._journal: Journal | None = Journal(url, UNASSIGNED, admin_token, {})
        if organization in {UNASSIGNED, UNASSIGNED_ID}:
            self._journal = None
            return
        found = asked(Organizations, url, "/__admin/organizations", admin_token)
        self.shown = len(found.organizations) == 1
        if self.shown:
            self._journal = Journal(url, UNASSIGNED, admin_token, wanted)
            return
        path = f"/__admin/organizations/{UNASSIGNED}/requests/count"
        self.count = asked(Number, url, path, admin_token).count

    def last(self, count: int) -> list[Exchange]:
        """Return the last `count` of them, oldest first, if they are shown. `follow` continues after them."""
        latest = self._journal.last(count) if self._journal is not None else []
        return latest if self.shown else []

    def told(self) -> str:
        """Say how many there were."""
        words = "request names" if self.count == 1 else "requests name"
        return f"{self.count} {words} no organisation, see: dayfly tail --organization {UNASSIGNED}"

    def follow(self, tell: Callable[[str], object]) -> Iterator[Exchange]:
        """Yield each new one if they are shown. Otherwise report their number each time it has doubled."""
        if self._journal is None:
            return
        try:
            for item in self._journal.follow(lambda _: None):
                if not isinstance(item, Exchange):
                    continue
                if self.shown:
                    yield item
                    continue
                self.count += 1
                if self.count.bit_count() == 1:
                    tell(self.told())
        except click.ClickException as problem:  # the journal itself can be followed without them
            tell(f"requests that name no organisation are not followed: {problem.message}")


class _Ended(NamedTuple):
    """The end of a stream, and what it raised."""

    problem: BaseException | None


def merged(*streams: Iterator[V]) -> Iterator[V]:
    """Yield the items of all streams until the first stream ends. An exception in any of them is raised here."""
    came: SimpleQueue[V | _Ended] = SimpleQueue()
    for place, stream in enumerate(streams):
        threading.Thread(target=_drain, args=(stream, came, place == 0), daemon=True).start()
    while True:
        item = came.get()
        if not isinstance(item, _Ended):
            yield item
        elif item.problem is not None:
            raise item.problem
        else:
            return


def _drain(stream: Iterator[V], came: SimpleQueue[V | _Ended], is_first: bool) -> None:
    try:
        for item in stream:
            came.put(item)
    except BaseException as problem:
        came.put(_Ended(problem))
    else:
        if is_first:
            came.put(_Ended(None))
