"""The extent of what was read of a HAR file, and what was left out: in one line, and as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct, field

from contracts.har.routes import none_asked

FEW = 3
"""Entries that are listed in the line; the values have all."""


class Skipped(Struct, frozen=True):
    """An entry that cannot be read, and why."""

    entry: int
    reason: str


class Extent(Struct, frozen=True, kw_only=True):
    """The extent of what was read of a HAR file.

    `requests` of its `entries` went to the platform and are judged. `skipped` could not be read. `left_out` counts entries that
    look like requests to the platform but are not. `doubled` maps an entry to another one of the same exchange. `masked` are
    entries whose session id a tool has masked. `lacking` counts missing bodies by reason. `resolution` is that of the time
    stamps in milliseconds, None if they say nothing. `cut` says why the file ends too early. `refused` maps refused requests to
    their statuses.
    """

    requests: int
    entries: int
    skipped: tuple[Skipped, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    doubled: dict[int, int] = field(default_factory=dict)
    masked: tuple[int, ...] = ()
    masked_tokens: bool = False
    lacking: dict[str, int] = field(default_factory=dict)
    resolution: int | None = 1
    cut: str = ""
    elsewhere: dict[str, int] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """All of it in one line."""
        if not self.requests:
            told = f"nothing was read: {none_asked(self.entries, Counter(self.elsewhere))}"
        else:
            told = f"read as requests to the platform: {self.requests} of its {self.entries} entries"
        return "; ".join([told, *self.remarks()])

    def remarks(self) -> Iterator[str]:
        """Yield the remarks besides the numbers, a clause each."""
        if self.skipped:
            yield f"{len(self.skipped)} cannot be read ({_few(self.skipped)})"
        yield from (f"{count} left out, {why}" for why, count in self.left_out.items())
        if self.doubled:
            first, kept = next(iter(self.doubled.items()))
            yield f"{len(self.doubled)} recorded twice and counted once (entry {first} is entry {kept})"
        if self.masked:
            yield f"the session ids of {len(self.masked)} are masked, so their sessions cannot be told apart"
        if self.masked_tokens:
            yield "the tokens are masked or removed, so they cannot be told apart"
        for why, count in self.lacking.items():
            yield f"the bodies of {count} of them {_plural(why)}"
        yield from self._about_time()
        if self.cut:
            yield self.cut

    def _about_time(self) -> Iterator[str]:
        if self.resolution is None:
            yield "all time stamps are the same, so neither order nor time is known"
        elif self.resolution >= 100:
            yield f"time stamps are rounded to {self.resolution / 1000:g} s, so the order of equal ones is unknown"


def _few(skipped: tuple[Skipped, ...]) -> str:
    named = [f"entry {one.entry}: {one.reason}" for one in skipped[:FEW]]
    return "; ".join(named) + (f"; and {len(skipped) - FEW} more" if len(skipped) > FEW else "")


def _plural(lacking: str) -> str:
    for one, many in (("was ", "were "), ("is ", "are "), ("unpacks ", "unpack ")):
        if lacking.startswith(one):
            return many + lacking.removeprefix(one)
    return lacking
