"""Recordings with something wrong: told by entry, and the rest reproduced all the same."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from contracts.har import stream
from contracts.har.kinds import HarError
from contracts.replay import RecordingError, ReproductionReport, open_recording, reproduce
from contracts.replay.archives import read
from tests.contracts.har.recordings import API, BEARER, MESSAGES, SECRET, SESSIONS, Har


def told(har: Har | bytes, *hosts: str) -> ReproductionReport:
    raw = har if isinstance(har, bytes) else har.raw
    return reproduce(read(BytesIO(raw), "x.har", hosts))


def used_twice() -> Har:
    """Entries: 1 token, 2 create, 3 send, 4 send refused."""
    har = Har()
    har.token()
    har.create()
    har.send()
    har.send(status=403)
    return har


def problems(report: ReproductionReport) -> list[str]:
    return [problem.words(report.unit) for problem in report.problems]


def rows(report: ReproductionReport) -> list[tuple[int, int | None, str | None]]:
    return [(result.number, result.reproduced.status, result.reproduced.reason) for result in report.results]


WHOLE = [
    (1, 200, "token.issued"),
    (2, 200, "session.created"),
    (3, 200, "message.accepted"),
    (4, 403, "session.consumed"),
]


def test_nothing_wrong() -> None:
    report = told(used_twice())
    assert rows(report) == WHOLE
    assert (problems(report), report.differing, report.exit_status) == ([], [], 0)


def test_a_file_that_is_cut() -> None:
    raw = used_twice().raw
    report = told(raw[: raw.rindex(b"startedDateTime") + 200])
    assert rows(report) == WHOLE[:3]
    assert problems(report) == ["entry 4: the file ends before this entry does"]


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        ({"startedDateTime": None}, "it has no startedDateTime"),
        ({"startedDateTime": "yesterday"}, "its startedDateTime 'yesterday' is not a time"),
        ({"response": {"status": "x"}}, "its status is 'x', which is not an HTTP status"),
        ({"request": {"url": 7}}, "its request has no URL"),
        ({"time": 1e300}, "1e+300 ms is longer than anything takes"),
    ],
)
def test_an_entry_that_cannot_be_read(spoilt: dict[str, Any], problem: str) -> None:
    har = used_twice()
    har.entries.insert(2, har.entries[2] | spoilt)
    report = told(har)
    assert [reason for _, _, reason in rows(report)] == [reason for _, _, reason in WHOLE]
    assert len(problems(report)) == 1
    assert problems(report)[0].startswith(f"entry 3: {problem}")


def test_a_missing_timestamp() -> None:
    har = used_twice()
    del har.entries[3]["startedDateTime"]
    report = told(har)
    assert rows(report) == WHOLE[:3]
    assert problems(report) == ["entry 4: it has no startedDateTime"]


def test_entries_in_another_order_than_that_of_time() -> None:
    har = used_twice()
    har.entries.reverse()
    report = told(har)
    assert [number for number, _, _ in rows(report)] == [4, 3, 2, 1]
    assert report.differing == []
    assert problems(report) == ["entry 2: began before the entry above it, and 2 more; all are sorted by time"]


def test_a_clock_that_was_set_back() -> None:
    har = used_twice()
    for entry in har.entries[2:]:
        entry["startedDateTime"] = entry["startedDateTime"].replace("T10:00", "T09:00")
    report = told(har)
    assert rows(report) == WHOLE
    assert problems(report) == ["entry 3: the clock went back by 3599.98 s; no time across this is known"]
    assert all(finding.above is None for finding in report.inference.findings if finding.name in {"ttl", "idle_timeout"})


def test_nothing_is_concluded_from_times_across_a_clock_that_was_set_back() -> None:
    har = Har()
    har.token()
    har.create()
    har.send(status=403)
    for entry in har.entries[2:]:
        entry["startedDateTime"] = entry["startedDateTime"].replace("T10:00", "T09:00")
    report = told(har)
    assert report.inference.notes == []
    assert all(finding.at_most is None for finding in report.inference.findings if finding.name in {"ttl", "idle_timeout"})


def test_an_entry_that_stands_there_twice() -> None:
    har = used_twice()
    har.entries.insert(3, har.entries[2])
    report = told(har)
    assert problems(report) == ["entry 4: the same request as entry 3, recorded twice and counted once"]
    assert [reason for _, _, reason in rows(report)] == [reason for _, _, reason in WHOLE]


def test_bodies_in_base64_and_compressed() -> None:
    har = used_twice()
    content = har.entries[1]["response"]["content"]
    content["text"], content["encoding"] = b64encode(gzip.compress(content["text"].encode())).decode(), "base64"
    har.entries[1]["response"]["headers"] = [{"name": "Content-Encoding", "value": "gzip"}]
    sent = har.entries[2]["request"]["postData"]
    sent["text"], sent["encoding"] = b64encode(sent["text"].encode()).decode(), "base64"
    assert rows(told(har)) == WHOLE


@pytest.mark.parametrize("size", [54, 0, -1])
def test_bodies_that_were_not_recorded(size: int) -> None:
    har = used_twice()
    for entry in har.entries[1:]:
        del entry["request"]["postData"]
        entry["request"]["bodySize"] = size
    report = told(har)
    assert rows(report)[1] == (2, 200, "session.created")
    first, more = (2, 2) if size else (3, 1)
    lacking = f"entry {first}: its body was not recorded, and {more} more like it"
    assert problems(report) == [f"{lacking}; the body sent instead may be answered differently"]


def test_one_body_that_was_not_recorded() -> None:
    har = used_twice()
    del har.entries[3]["request"]["postData"]
    assert problems(told(har)) == ["entry 4: its body was not recorded; the body sent instead may be answered differently"]


def test_an_answer_that_never_came() -> None:
    har = Har()
    har.token()
    har.create()
    har.send(status=0)
    har.send(status=403)
    report = told(har)
    assert [result.reproduced.status for result in report.results] == [200, 200, None, 403]
    assert (report.results[3].reproduced.reason, report.exit_status) == ("session.consumed", 0)


def test_an_entry_of_many_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_PIECE", 4096)
    har = used_twice()
    har.entries[2]["response"]["content"]["text"] = "x" * 10_000
    report = told(har)
    assert [number for number, _, _ in rows(report)] == [1, 2, 4]
    assert problems(report)[0].startswith("entry 3: it is longer than ")


def test_a_har_of_another_version() -> None:
    report = told(used_twice().raw.replace(b'"version": "1.2"', b'"version": "3.0"', 1))
    assert rows(report) == WHOLE
    assert problems(report) == ["HAR 3.0 is not known here; it is read as HAR 1.2"]


# -- hosts -----------------------------------------------------------------------------------------------------------


def test_other_hosts_and_their_logins_are_left_out() -> None:
    har = Har()
    har.add("https://cdn.example/app.js", method="GET")
    har.add("https://identity.example/oauth/token", None, {"access_token": "a-token-of-somebody-else"})
    for entry in used_twice().entries:
        har.entries.append(entry)
    assert [number for number, _, _ in rows(told(har))] == [3, 4, 5, 6]


def test_a_gateway_may_put_its_own_path_before_the_platforms() -> None:
    har = used_twice()
    for entry in har.entries:
        entry["request"]["url"] = entry["request"]["url"].replace(".example/", ".example/eu/v1/")
    assert rows(told(har)) == WHOLE


def test_two_platforms_in_one_file_are_told_and_can_be_told_apart() -> None:
    har = used_twice()
    har.add(SESSIONS.replace("api.cloud", "api.staging"), {}, {"webChatSessionId": "s"})
    assert "api.cloud.example, api.staging.example" in problems(told(har))[0]
    assert len(told(har, "api.staging.example").results) == 1


def test_a_slip_in_a_path_is_reproduced() -> None:
    har = used_twice()
    har.add(f"{API}/webchat/session", {}, {"code": "not.found"}, 404)
    assert rows(told(har))[-1] == (5, 404, "route.unknown")


# -- what is not a recording -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "this is not a recording: it looks like an empty file"),
        (b"hello\nworld\n", "this is not a recording: it looks like plain text"),
        (b'{"log": {"entries": []}}', "it has no entries"),
        (b'{"type":"trace"}\n', "this is not a recording: it is a trace without requests"),
        (
            b'{"type":"trace"}\nhello\n',
            "this is not a recording: it is a trace without requests: line 2: JSON is malformed",
        ),
    ],
)
def test_what_is_not_a_recording(tmp_path: Path, raw: bytes, problem: str) -> None:
    file = tmp_path / "x.har"
    file.write_bytes(raw)
    with pytest.raises(RecordingError) as told:
        open_recording(file)
    assert told.value.problem.startswith(problem)


def test_where_no_entry_can_be_read_it_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "x.har"
    file.write_bytes(b'{"log": {"entries": [null, {"request": 1}]}}')
    with pytest.raises(RecordingError, match="2 of them cannot be read, entry 1: it has no request"):
        open_recording(file)


def test_a_recording_of_something_else_says_of_what() -> None:
    har = Har()
    har.add("https://me:my-password@shop.example/", method="GET")
    with pytest.raises(RecordingError, match=r"none of its 1 entries asks for a token.*its requests went to shop\.example$"):
        told(har)


def test_a_host_that_is_not_in_it() -> None:
    with pytest.raises(RecordingError, match="nothing in it went to elsewhere"):
        told(used_twice(), "elsewhere")


def test_a_page_is_reproduced_alone() -> None:
    har = used_twice()
    for entry in har.entries[2:]:
        entry["pageref"] = "page_2"
    assert [number for number, _, _ in rows(reproduce(read(BytesIO(har.raw), "x.har", (), "page_2")))] == [3, 4]
    with pytest.raises(HarError, match="it holds no page 'page_3', but page_2"):
        read(BytesIO(har.raw), "x.har", (), "page_3")


def test_a_har_file_may_have_another_name(tmp_path: Path) -> None:
    file = tmp_path / "saved.json"
    file.write_bytes(used_twice().raw)
    assert len(open_recording(file).steps) == 4


def test_a_url_is_no_file() -> None:
    with pytest.raises(RecordingError, match="give a file"):
        open_recording(Path("http://127.0.0.1:8403"))


def test_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        open_recording(tmp_path / "none.har")


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_are_in_nothing_that_comes_of_a_recording() -> None:
    har = used_twice()
    har.send(BEARER, status=403)
    har.send(f"id {SECRET}", status=403)
    har.add(f"{MESSAGES}?access_token={BEARER}", {"webChatSessionId": "x", "text": BEARER}, {"code": "not.authorized"}, 403)
    recording = read(BytesIO(har.raw), "x.har")
    assert all(secret not in repr(recording) + repr(reproduce(recording)) for secret in (BEARER, SECRET))


# -- traces ----------------------------------------------------------------------------------------------------------

TRACE = Path(__file__).parent.parent.parent.parent / "fixtures" / "traces" / "bad" / "S1.jsonl"


def trace(tmp_path: Path, *lines: bytes) -> ReproductionReport:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"\n".join(lines))
    return reproduce(open_recording(file))


def test_lines_of_a_trace_that_cannot_be_read(tmp_path: Path) -> None:
    lines = TRACE.read_bytes().splitlines()
    report = trace(tmp_path, *lines[:4], b"{not json", *lines[4:], lines[4])
    assert report.differing == []
    assert [words.partition(":")[0] for words in problems(report)] == ["line 5", f"line {len(lines) + 2}"]
    assert "arrived before; it is counted once" in problems(report)[1]


def test_a_trace_whose_clock_went_back(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in TRACE.read_bytes().splitlines()]
    last = max(place for place, line in enumerate(lines) if line["type"] == "arrival")
    for line in lines[last:]:
        line["at"] -= 3_600_000
        if "acted" in line:
            line["acted"] -= 3_600_000
    report = trace(tmp_path, *(json.dumps(line).encode() for line in lines))
    assert problems(report) == [f"line {last + 1}: the clock went back by 3600 s; no time across this is known"]
    assert report.differing == []
