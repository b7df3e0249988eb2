"""Recordings in the manner of the tools that write HAR: a right client is acquitted, a wrong one found."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import pytest

from contracts.har.opening import opened
from contracts.har.reader import reading
from contracts.replay import reproduce
from contracts.replay.archives import read as recording
from contracts.verify import check
from tests.contracts.har.recordings import Har
from tests.contracts.har.test_opening import archived
from tests.contracts.har.test_survey import three_messages

Entry = dict[str, Any]
FIRST = datetime(2026, 1, 1, 10, tzinfo=timezone(timedelta(hours=1)))


def right() -> Har:
    return three_messages()


def reusing() -> Har:
    har = three_messages()
    har.send("id-3", status=403, took=12)
    return har


def log(creator: str, entries: list[Entry], **members: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": creator}, "entries": entries} | members}).encode()


def with_headers(entry: Entry, change: Callable[[str], str], *pseudo: tuple[str, str]) -> None:
    for side in (entry["request"], entry["response"]):
        side["headers"] = [{"name": change(pair["name"]), "value": pair["value"]} for pair in side["headers"]]
    entry["request"]["headers"] += [{"name": name, "value": value} for name, value in pseudo]


def devtools(har: Har) -> bytes:
    """Chromium: HTTP/2 pseudo headers, a preflight before each call, other hosts, extra members."""
    entries: list[Entry] = []
    for entry in har.entries:
        with_headers(entry, str.lower, (":method", "POST"), (":authority", "api.cloud.example"))
        entry |= {
            "_initiator": {"type": "script", "stack": {"callFrames": []}}, "_priority": "High", "_resourceType": "fetch",
            "connection": "443", "pageref": "page_1", "serverIPAddress": "10.0.0.1",
        }  # fmt: skip
        entry["response"] |= {"_transferSize": 330, "_error": None, "_fetchedViaServiceWorker": False}
        preflight = {"request": {"method": "OPTIONS", "url": entry["request"]["url"], "headers": []}, "time": 5}
        page = {"request": {"method": "GET", "url": "https://shop.example/app.js"}, "response": {"status": 304}}
        entries += [entry | page | {"_fromCache": "disk"}, entry | preflight | {"response": {"status": 204}}, entry]
    return log("WebInspector", entries, pages=[{"id": "page_1", "title": "shop", "pageTimings": {"onLoad": None}}])


def firefox(har: Har) -> bytes:
    """With its own time zone, empty params beside the text, and no timings for quick requests."""
    for number, entry in enumerate(har.entries):
        entry["startedDateTime"] = (FIRST + timedelta(milliseconds=77 * number + 3)).isoformat(timespec="milliseconds")
        entry["request"]["postData"]["params"] = []
        entry |= {"timings": {}, "_securityState": "secure", "time": 20}
    return log("Firefox", har.entries, browser={"name": "Firefox", "version": "140"}, pages=[{"id": "page_1"}])


def charles(har: Har) -> bytes:
    """Bodies in base64, a byte order mark, tunnels, statuses of its own."""
    entries: list[Entry] = []
    for entry in har.entries:
        content = entry["response"]["content"]
        content |= {"text": b64encode(content["text"].encode()).decode(), "encoding": "base64"}
        entry["response"]["_charlesStatus"] = "COMPLETE"
        tunnel = {"request": {"method": "CONNECT", "url": "https://api.cloud.example", "headers": []}}
        entries += [entry | tunnel, entry]
    return b"\xef\xbb\xbf" + log("Charles Proxy", entries)


def mitmproxy(har: Har) -> bytes:
    """Microseconds and a zone, whole milliseconds of time, forms as text and as params."""
    for number, entry in enumerate(har.entries):
        entry["startedDateTime"] = (FIRST + timedelta(microseconds=77_013 * number)).isoformat(timespec="microseconds")
        entry["time"] = int(entry["time"])
        entry["request"]["postData"]["params"] = [{"name": "grant_type", "value": "client_credentials"}]
        entry["response"]["content"] |= {"compression": 0}
        entry["timings"] = {"connect": -1, "ssl": -1, "send": 1, "receive": 2, "wait": 10}
    return log("mitmproxy", har.entries, pages=[])


def fiddler(har: Har) -> bytes:
    """Seven decimals, a comment to each entry, compression below 0."""
    for number, entry in enumerate(har.entries):
        stamp = (FIRST + timedelta(milliseconds=77 * number)).isoformat(timespec="milliseconds")
        entry["startedDateTime"] = stamp.replace("+", "4567+")
        entry["response"]["content"] |= {"compression": -3}
        entry |= {"comment": f"[#{number}]", "connection": f"ClientPort:5{number:04d};EgressPort:443"}
    return log("Fiddler", har.entries, pages=[], comment="exported")


def insomnia(har: Har) -> bytes:
    """One stamp for all entries."""
    for entry in har.entries:
        entry["startedDateTime"] = "2026-01-01T10:00:07.137Z"
        entry["timings"] = {"blocked": -1, "connect": -1, "dns": -1, "receive": 0, "send": 0, "ssl": -1, "wait": entry["time"]}
    return log("Insomnia REST Client", har.entries)


def playwright(har: Har) -> bytes:
    """An archive with the bodies of the answers in files of their own, sizes and timings of -1."""
    files: dict[str, bytes] = {}
    for number, entry in enumerate(har.entries):
        content = entry["response"]["content"]
        content["_file"] = f"{number:040x}.json"
        files[content["_file"]] = content.pop("text").encode()
        content["size"] = -1
        entry["timings"] = {"send": -1, "wait": -1, "receive": -1}
        entry["response"]["_transferSize"] = -1
        entry |= {"_frameref": "frame@1", "_monotonicTime": 12.5, "_serverPort": 443}
    return archived({"har.har": log("Playwright", har.entries, browser={"name": "chromium"}), **files})


def newman(har: Har) -> bytes:
    """Headers as an object, statuses in quotes, stamps to the second."""
    for number, entry in enumerate(har.entries):
        entry["startedDateTime"] = f"2026-01-01T10:00:{number // 2:02d}Z"
        entry["response"]["status"] = str(entry["response"]["status"])
        for side in (entry["request"], entry["response"]):
            side["headers"] = {pair["name"]: pair["value"] for pair in side["headers"]}
    return log("newman-reporter-har", har.entries)


def sanitized(har: Har) -> bytes:
    """Chromium's, with the credentials taken out by a tool, as advised before it is shared."""
    for entry in har.entries:
        headers = entry["request"]["headers"]
        entry["request"]["headers"] = [pair for pair in headers if pair["name"] != "Authorization"]
    text = json.loads(devtools(har))
    for entry in text["log"]["entries"]:
        content = entry["response"].get("content", {}).get("text", "")
        if "access_token" in content:
            entry["response"]["content"]["text"] = '{"access_token": "[access_token redacted]", "expires_in": 86400}'
    return json.dumps(text).encode()


TOOLS = [devtools, firefox, charles, mitmproxy, fiddler, insomnia, playwright, newman, sanitized]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
@pytest.mark.parametrize(("client", "violated"), [(right, []), (reusing, ["S1"])])
def test_a_recording_of_this_tool_is_judged(
    tool: Callable[[Har], bytes], client: Callable[[], Har], violated: list[str]
) -> None:
    raw = tool(client())
    found = opened(BytesIO(raw), "x.har")
    told = reading(found.file, "x.har", None, found.attached)
    assert told.extent is not None
    assert (told.extent.skipped, told.extent.lacking, told.extent.doubled) == ((), {}, {})
    report = check("x.har", told.trace, extent=told.extent, in_other_order=told.in_other_order)
    assert [result.code for result in report.violated] == violated
    assert report.exit_status() == (1 if violated else 0)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_a_recording_of_this_tool_is_reproduced(tool: Callable[[Har], bytes]) -> None:
    found = opened(BytesIO(tool(reusing())), "x.har")
    report = reproduce(recording(found.file, "x.har", attached=found.attached))
    assert [result.reproduced.status for result in report.results] == [200] * 7 + [403]
    assert report.exit_status == 0
