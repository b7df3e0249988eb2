"""Answers over time, as bars and as numbers."""

from __future__ import annotations

import pytest

from mockserver.journal import Answer, Delivery, Entry
from mockserver.web.console.charts import BUCKETS, HEIGHT, band_of, chart_of

NOW = 1_795_000_030.0


def answer(before: float, status: int | None = 200, delivery: Delivery = "complete") -> Entry:
    """An answer that left so many seconds before NOW."""
    return Answer(seq=1, at=round((NOW - before) * 1000), context_id="c", status=status, reason="r", delivery=delivery)


@pytest.mark.parametrize(
    ("status", "delivery", "band"),
    [
        (200, "complete", "2xx"),
        (401, "complete", "401"),
        (403, "complete", "403"),
        (429, "complete", "429"),
        (404, "complete", "4xx"),
        (503, "complete", "5xx"),
        (200, "lost_response", "lost"),
        (None, "lost_request", "lost"),
    ],
)
def test_answers_are_told_apart_by_what_they_mean_to_a_client(status: int | None, delivery: Delivery, band: str) -> None:
    entry = answer(0, status, delivery)
    assert isinstance(entry, Answer)
    assert band_of(entry) == band


def test_bars_stand_on_the_ground_and_the_busiest_is_as_high_as_the_drawing() -> None:
    chart = chart_of([*[answer(10)] * 3, answer(10, 403), answer(40)], NOW, "1m")
    assert (chart.busiest, chart.totals["2xx"], chart.totals["403"]) == (4, 4, 1)
    high = [bar for bar in chart.bars if bar.x == chart.bars[-1].x]
    assert [(bar.band, bar.height) for bar in high] == [("2xx", 75), ("403", 25)]
    assert high[0].y + high[0].height == HEIGHT
    assert high[1].y == 0


def test_now_is_in_the_last_bucket_and_what_is_older_than_the_window_is_left_out() -> None:
    chart = chart_of([answer(0), answer(61, 403)], NOW, "1m")
    assert chart.bars[0].x == (BUCKETS - 1) * 10
    assert chart.totals == {**dict.fromkeys(chart.totals, 0), "2xx": 1}
    assert chart.older == NOW - 61


@pytest.mark.parametrize(
    ("before", "window"), [([], "5m"), ([1, 2, 3], "1m"), ([1, 200, 250], "5m"), ([4000, 5000, 50], "1d"), ([10**9], "5m")]
)
def test_without_a_window_the_shortest_is_taken_that_shows_half_of_what_there_is(before: list[float], window: str) -> None:
    assert chart_of(map(answer, before), NOW).window == window


def test_the_table_has_the_buckets_that_are_not_empty() -> None:
    chart = chart_of([answer(10), answer(10, 500)], NOW, "1h")
    assert [bucket.counts for bucket in chart.buckets] == [{"2xx": 1, "5xx": 1}]
    assert chart.buckets[0].since <= NOW - 10 < chart.buckets[0].since + chart.step
