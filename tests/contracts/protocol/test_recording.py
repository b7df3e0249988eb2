"""Requests of a HAR file as a trace: their order survives the precision of the clock."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

from contracts.har.bodies import nothing_attached
from contracts.protocol import recording
from mockserver.platform import compile_platform, find


def entry(second: float, took: int, status: int) -> dict[str, Any]:
    """A request that leaves at `second` and takes `took` milliseconds."""
    request = {"method": "POST", "url": "https://as.test/token", "headers": [], "postData": {"mimeType": "x", "text": ""}}
    return {
        "startedDateTime": f"2026-03-01T12:00:{second:06.3f}Z",
        "time": took,
        "request": request,
        "response": {"status": status, "headers": [], "content": {}},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }


@pytest.mark.parametrize(("gap", "is_over"), [(0, True), (0.001, True), (-0.002, False)])
def test_an_answer_that_came_in_the_millisecond_of_the_next_request_came_first(gap: float, is_over: bool) -> None:
    entries = [entry(1, 10, 401), entry(1.010 + gap, 10, 200)]
    raw = json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}}).encode()
    first, second = recording.read(BytesIO(raw), "x.har", nothing_attached, compile_platform(find("oauth"))).trace.exchanges
    assert (first.returned < second.left) == is_over
    assert first.left < first.returned
