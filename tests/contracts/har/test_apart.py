"""Entries that are not requests to the platform though they look so, and bodies that cannot be had."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from io import BytesIO
from typing import Any

import brotli
import pytest
import zstandard

from contracts.har.bodies import MAX_BODY
from contracts.har.extent import Extent
from contracts.har.reader import HarReading, reading
from contracts.judge import Status
from contracts.replay import ReproductionReport, reproduce
from contracts.replay.archives import read as recording
from contracts.verify import check
from tests.contracts.har.recordings import MESSAGES, SESSIONS, Har
from tests.contracts.har.test_oddities import WHOLE, codes, exchanges, used_twice


def told(har: Har) -> tuple[HarReading, Extent]:
    read = reading(BytesIO(har.raw))
    assert read.extent is not None
    return read, read.extent


def reproduced(har: Har) -> ReproductionReport:
    return reproduce(recording(BytesIO(har.raw), "x.har"))


# -- requests that never were ------------------------------------------------------------------------

APART: list[tuple[str, dict[str, Any]]] = [
    ("stopped before they left", {"response": {"status": 0, "_error": "net::ERR_INTERNET_DISCONNECTED"}}),
    ("stopped before they left", {"response": {"status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT"}}),
    ("stopped before they left", {"response": {"status": 0, "_error": "net::ERR_NAME_NOT_RESOLVED"}}),
    ("stopped before they left", {"response": {"status": -1, "_failureText": "net::ERR_CONNECTION_REFUSED"}}),
    ("stopped before they left", {"response": {"status": 0}, "_error": "NS_ERROR_UNKNOWN_HOST"}),
    ("stopped before they left", {"response": {"status": 0, "_error": "connect ECONNREFUSED 10.0.0.1:443"}}),
    ("redirected by a gateway", {"response": {"status": 307, "redirectURL": MESSAGES}}),
    ("redirected by a gateway", {"response": {"status": 308, "headers": [{"name": "Location", "value": f"{MESSAGES}/"}]}}),
    ("redirected by a gateway", {"response": {"status": 301}}),
    ("redirected by a gateway", {"response": {"status": 302}}),
    ("answered by a cache", {"_fromCache": "disk"}),
    ("answered by a cache", {"_fromCache": "memory"}),
    ("answered by a cache", {"response": {"status": 200, "fromDiskCache": True}}),
]


@pytest.mark.parametrize(("why", "change"), APART)
def test_it_is_not_a_use_of_an_id(why: str, change: dict[str, Any]) -> None:
    """Before the send that is accepted stands one that never was: the client is right."""
    har = used_twice()
    del har.entries[3]
    har.entries.insert(2, har.entries[2] | change)
    read, extent = told(har)
    assert (codes(read), exchanges(read), extent.left_out) == ([], WHOLE[:3], {why: 1})
    assert f"1 left out, {why}" in extent.words
    report = reproduced(har)
    assert (report.exit_status, len(report.results)) == (0, 3)
    assert f"1 entry is left out, {why}" in [problem.text for problem in report.problems]


@pytest.mark.parametrize(
    "error", ["net::ERR_ABORTED", "net::ERR_CONNECTION_RESET", "net::ERR_TIMED_OUT", "net::ERR_FAILED", ""]
)
def test_a_request_that_may_have_left_may_have_used_the_id(error: str) -> None:
    har = used_twice()
    har.entries[2]["response"] = {"status": 0, "_error": error}
    assert codes(told(har)[0]) == ["S1"]


def test_a_preflight_is_not_a_call() -> None:
    har = used_twice()
    har.entries.insert(2, har.entries[2] | {"request": {"method": "OPTIONS", "url": MESSAGES, "headers": []}})
    read, extent = told(har)
    assert (codes(read), exchanges(read)) == (["S1"], WHOLE)
    assert extent.left_out == {"asked by the browser itself (preflight)": 1}


# -- bodies ------------------------------------------------------------------------------------------


def packed(compression: str, body: bytes) -> Har:
    har = used_twice()
    har.entries[1]["response"]["content"] = {"size": 60, "encoding": "base64", "text": b64encode(body).decode()}
    har.entries[1]["response"]["headers"] = [{"name": "Content-Encoding", "value": compression}]
    return har


@pytest.mark.parametrize(
    ("compression", "body", "lacking"),
    [
        ("br", b"\x8b\x0f\x80ab\x03\xfe", "is compressed with brotli, which takes `pip install brotli` to read"),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\x58", "is compressed with zstd, which takes `pip install zstandard` to read"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_said_to_be_that(
    compression: str, body: bytes, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, {"br": "brotli", "zstd": "zstandard"}[compression], None)
    har = packed(compression, body)
    read, extent = told(har)
    assert codes(read) == ["S1"]
    assert extent.lacking == {lacking: 1}
    taken = [result.taken for result in reproduced(har).results if result.taken]
    assert taken == [f"entry 2 may have created this session, and its answer {lacking}"]


COMPRESS = {"br": brotli.compress, "zstd": zstandard.compress}
ANSWER = json.dumps({"webChatSessionId": "id-1", "expires": "soon"}).encode()


@pytest.mark.parametrize("compression", COMPRESS)
def test_a_compressed_body_is_read_like_any_other(compression: str) -> None:
    plain, extent = told(packed("identity", ANSWER))
    assert [codes(plain), extent.lacking] == [["S1"], {}]
    read, extent = told(packed(compression, COMPRESS[compression](ANSWER)))
    assert (read.trace, extent.lacking) == (plain.trace, {})


@pytest.mark.parametrize(("compression", "name"), [("br", "brotli"), ("zstd", "zstd")])
def test_of_a_compressed_body_that_is_cut_short_nothing_is_taken(compression: str, name: str) -> None:
    whole = COMPRESS[compression](ANSWER)
    for cut in (whole[:-1], whole[: len(whole) // 2]):
        lacking = f"is labelled as compressed with {name}, but cannot be unpacked"
        read, extent = told(packed(compression, cut))
        assert extent.lacking == {lacking: 1}
        assert codes(read) == ["S1"]


@pytest.mark.parametrize("compression", COMPRESS)
def test_a_small_body_that_unpacks_to_a_huge_one_is_not_unpacked(compression: str) -> None:
    bomb = COMPRESS[compression](bytes(MAX_BODY + 1))
    assert len(bomb) < 2000
    assert told(packed(compression, bomb))[1].lacking == {"unpacks to more than 16 MiB": 1}


def test_a_body_that_the_tool_unpacked_is_read_though_the_header_stands() -> None:
    har = packed("br", json.dumps({"webChatSessionId": "id-1"}).encode())
    assert (told(har)[1].lacking, codes(told(har)[0])) == ({}, ["S1"])


@pytest.mark.parametrize("content", [{"size": 57}, {"size": 57, "text": ""}, {"size": 57, "mimeType": "x-unknown"}])
def test_an_answer_that_was_not_recorded_is_not_older_than_the_recording(content: dict[str, Any]) -> None:
    har = used_twice()
    har.entries[1]["response"]["content"] = content
    read, extent = told(har)
    assert extent.lacking == {"was not recorded": 1}
    report = check("x.har", read.trace, extent=extent)
    assert [result.code for result in report.violated] == ["S1"]
    taken = [result.taken for result in reproduced(har).results if result.taken]
    assert taken == ["entry 2 may have created this session, and its answer was not recorded"]


@pytest.mark.parametrize("issued", [True, False])
def test_an_id_whose_creation_was_not_recorded_is_not_an_invented_one(issued: bool) -> None:
    har = used_twice()
    if issued:
        del har.entries[1]["response"]["content"]["text"]
    del har.entries[2]
    har.send("id-2", status=403)
    read, extent = told(har)
    report = check("x.har", read.trace, extent=extent)
    s4 = next(result for result in report.clauses if result.code == "S4")
    assert (s4.status is Status.INCONCLUSIVE) == (not issued)


def test_requests_whose_bodies_were_not_recorded_are_not_the_same_request() -> None:
    """Two refused creates: nothing says that the second repeats the first unchanged."""
    har = Har()
    har.milliseconds = 137
    for _ in range(2):
        har.add(SESSIONS, {"guest": 1}, {"code": "bad.request"}, 400, took=31)
        del har.entries[-1]["request"]["postData"]
    assert codes(told(har)[0]) in ([], ["W1"])
    assert "R7" not in codes(told(har)[0])
