"""Answers by status over time: the journal's answers in buckets, and the height of each bar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mockserver.journal import Answer, Entry, merged

WINDOWS = {"1m": 60, "5m": 300, "1h": 3600, "1d": 86_400, "7d": 604_800}
"""Time windows by name, in seconds."""

BUCKETS = 60

HEIGHT = 100
"""Units of the drawing, which is BUCKETS * WIDTH units wide."""

WIDTH = 10

BANDS = ("2xx", "401", "403", "429", "4xx", "5xx", "lost")
"""The bands of a bar, from the bottom up."""

TITLES = {
    "2xx": "2xx",
    "401": "401",
    "403": "403",
    "429": "429",
    "4xx": "other 4xx",
    "5xx": "5xx",
    "lost": "no usable answer",
}

SIGNS = {"2xx": "✓", "401": "✕", "403": "✕", "429": "‖", "4xx": "✕", "5xx": "▲", "lost": "∅"}
"""Signs beside the colours, for people who cannot tell them apart."""


class Bar(NamedTuple):
    """A rectangle: the answers of one band in one bucket."""

    band: str
    x: int
    y: float
    height: float


class Bucket(NamedTuple):
    """The answers from `since` (seconds since the epoch), by band. The table omits empty buckets."""

    since: float
    counts: dict[str, int]


class Chart(NamedTuple):
    """The chart of the time window `window`, which ends at `until`.

    `step` is the length of a bucket in seconds; `busiest` is the greatest number in a bucket. `older` is when the newest answer
    before the window was, None if the journal has none.
    """

    window: str
    since: float
    until: float
    step: float
    totals: dict[str, int]
    busiest: int
    bars: list[Bar]
    buckets: list[Bucket]
    older: float | None
    answers: int


def chart_of(entries: Iterable[Entry], now: float, window: str | None = None) -> Chart:
    """Return the chart of the time up to `now`, in seconds.

    Without `window`, it is the shortest one that has half of the journal's answers.
    """
    answers = [(entry.at / 1000, band_of(entry)) for entry in merged(entries) if isinstance(entry, Answer)]
    chosen = window or _fitting([at for at, _ in answers], now)
    step = WINDOWS[chosen] / BUCKETS
    until = (now // step + 1) * step
    since = until - WINDOWS[chosen]
    counted: list[Counter[str]] = [Counter() for _ in range(BUCKETS)]
    for at, band in answers:
        if since <= at < until:
            counted[min(BUCKETS - 1, int((at - since) / step))][band] += 1
    totals = sum(counted, Counter())
    busiest = max(map(Counter.total, counted))
    return Chart(
        window=chosen,
        since=since,
        until=until,
        step=step,
        totals={band: totals[band] for band in BANDS},
        busiest=busiest,
        bars=[bar for place, counts in enumerate(counted) for bar in _bars(place, counts, busiest)],
        buckets=[Bucket(since + place * step, dict(counts)) for place, counts in enumerate(counted) if counts],
        older=max((at for at, _ in answers if at < since), default=None),
        answers=len(answers),
    )


def band_of(answer: Answer) -> str:
    """Return the band of an answer. An incomplete answer is lost, whatever its status."""
    if answer.delivery != "complete" or answer.status is None:
        return "lost"
    exact = str(answer.status)
    return exact if exact in BANDS else f"{exact[0]}xx"


def _fitting(times: list[float], now: float) -> str:
    for name, length in WINDOWS.items():
        if 2 * sum(at >= now - length for at in times) >= len(times) > 0:
            return name
    return "5m"


def _bars(place: int, counts: Counter[str], busiest: int) -> Iterable[Bar]:
    top = float(HEIGHT)
    for band in BANDS:
        if counts[band]:
            height = counts[band] / busiest * HEIGHT
            top -= height
            yield Bar(band, place * WIDTH, round(top, 2), round(height, 2))
