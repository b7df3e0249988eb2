"""A HAR file as the world writes it: a row for each oddity, what the file says and what is read."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clauses import judged
from contracts.har.kinds import HarError
from contracts.har.opening import opened
from contracts.har.reader import HarReading, reading
from contracts.replay import RecordingError, reproduce
from contracts.replay.archives import read as recording
from mockserver.journal import Answer, Arrival
from tests.contracts.har.recordings import MESSAGES, Har

Entry = dict[str, Any]


def used_twice() -> Har:
    """Entries: 1 token, 2 create, 3 send, 4 send refused; times are to the millisecond."""
    har = Har()
    har.milliseconds = 137
    har.token(took=21)
    har.create(took=33)
    har.send(took=17)
    har.send(status=403, took=12)
    return har


def read(raw: bytes) -> HarReading:
    found = opened(BytesIO(raw), "x.har")
    assert found.kind == "har"
    return reading(found.file, "x.har")


def codes(told: HarReading) -> list[str]:
    return [verdict.code for verdict in judged(told.trace).violated]


def exchanges(told: HarReading) -> list[tuple[str | None, int | None]]:
    arrivals = [entry for entry in told.trace if isinstance(entry, Arrival)]
    answers = {entry.context_id: entry.status for entry in told.trace if isinstance(entry, Answer)}
    return [(arrival.operation, answers.get(arrival.context_id)) for arrival in arrivals]


WHOLE = [("token", 200), ("create", 200), ("send", 200), ("send", 403)]


# -- entries of the platform, oddly written: all of them are read, and S1 is found -------------------


def each(entries: list[Entry], change: Callable[[Entry], object]) -> None:
    for entry in entries:
        change(entry)


def headers_as(shape: Callable[[list[dict[str, str]]], Any]) -> Callable[[Har], None]:
    def change(har: Har) -> None:
        for entry in har.entries:
            for side in (entry["request"], entry["response"]):
                side["headers"] = shape(side["headers"])

    return change


def stamps_as(shape: Callable[[str], Any]) -> Callable[[Har], None]:
    return lambda har: each(har.entries, lambda entry: entry.update(startedDateTime=shape(entry["startedDateTime"])))


def responses_with(**values: Any) -> Callable[[Har], None]:
    return lambda har: each(har.entries, lambda entry: entry["response"].update(values))


def entries_with(**values: Any) -> Callable[[Har], None]:
    return lambda har: each(har.entries, lambda entry: entry.update(values))


def statuses_as(shape: Callable[[int], Any]) -> Callable[[Har], None]:
    return lambda har: each(har.entries, lambda entry: entry["response"].update(status=shape(entry["response"]["status"])))


def sent_as(shape: Callable[[dict[str, Any]], Any]) -> Callable[[Har], None]:
    return lambda har: each(har.entries, lambda entry: entry["request"].update(postData=shape(entry["request"]["postData"])))


def got_as(shape: Callable[[dict[str, Any]], Any]) -> Callable[[Har], None]:
    return lambda har: each(har.entries, lambda entry: entry["response"].update(content=shape(entry["response"]["content"])))


def without(*names: str) -> Callable[[Har], None]:
    return lambda har: each(har.entries, lambda entry: [entry.pop(name, None) for name in names])


def relative(har: Har) -> None:
    for entry in har.entries:
        rest = entry["request"]["url"].partition("://")[2]
        host, _, path = rest.partition("/")
        entry["request"]["url"] = f"/{path}"
        entry["request"]["headers"].append({"name": ":authority", "value": host})


def fields(har: Har) -> None:
    form = har.entries[0]["request"]["postData"]
    pairs = [pair.split("=") for pair in form.pop("text").split("&")]
    form["params"] = [{"name": name, "value": value} for name, value in pairs]


ODDITIES: dict[str, Callable[[Har], object]] = {
    "status in quotes": statuses_as(str),
    "status with a fraction": statuses_as(float),
    "status as text with a fraction": statuses_as(lambda status: f"{status}.0"),
    "header value of null": headers_as(lambda pairs: [*pairs, {"name": "X-Odd", "value": None}]),
    "header value of a number": headers_as(lambda pairs: [*pairs, {"name": "X-Odd", "value": 7}]),
    "header without a value": headers_as(lambda pairs: [*pairs, {"name": "X-Odd"}]),
    "header without a name": headers_as(lambda pairs: [*pairs, {"value": "x"}, None, 7]),
    "headers as an object": headers_as(lambda pairs: {pair["name"]: pair["value"] for pair in pairs}),
    "headers as an object of lists": headers_as(lambda pairs: {pair["name"]: [pair["value"]] for pair in pairs}),
    "headers as pairs": headers_as(lambda pairs: [[pair["name"], pair["value"]] for pair in pairs]),
    "header names in capitals": headers_as(lambda pairs: [pair | {"name": pair["name"].upper()} for pair in pairs]),
    "pseudo headers of HTTP/2": headers_as(lambda pairs: [{"name": ":method", "value": "POST"}, *pairs]),
    "URL without a host": relative,
    "method in small letters": lambda har: each(har.entries, lambda entry: entry["request"].update(method="post")),
    "a form in fields": fields,
    "a body that is JSON itself": lambda har: each(
        har.entries[1:],
        lambda entry: entry["request"]["postData"].update(text=json.loads(entry["request"]["postData"]["text"])),
    ),
    "a body without its frame": sent_as(lambda data: data["text"]),
    "bodies said to be base64": got_as(lambda content: content | {"encoding": "base64"}),
    "base64 in capitals": got_as(
        lambda content: content | {"encoding": "BASE64", "text": b64encode(content["text"].encode()).decode()}
    ),
    "base64 in lines, without padding": got_as(
        lambda content: (
            content
            | {"encoding": "base64", "text": re.sub("(.{9})", r"\1\n", b64encode(content["text"].encode()).decode().strip("="))}
        )
    ),
    "content that is JSON itself": got_as(lambda content: content | {"text": json.loads(content["text"])}),
    "time missing": without("time"),
    "time of null": entries_with(time=None),
    "time below 0": entries_with(time=-1),
    "timings of null": entries_with(timings=None),
    "timings below 0": entries_with(timings={"blocked": -1, "dns": None, "connect": "-1", "wait": -3}),
    "time with a comma": lambda har: each(har.entries, lambda entry: entry.update(time=f"{entry['time']},5")),
    "cache, cookies and sizes of null": entries_with(cache=None, pageref=None, connection=7),
    "stamps in another zone": stamps_as(lambda stamp: stamp.replace("T10:", "T15:").replace("Z", "+05:00")),
    "stamps in another zone, without a colon": stamps_as(lambda stamp: stamp.replace("T10:", "T05:").replace("Z", "-0500")),
    "stamps without a zone": stamps_as(lambda stamp: stamp.replace("Z", "")),
    "stamps to the nanosecond": stamps_as(lambda stamp: stamp.replace("Z", "123456Z")),
    "stamps with a comma": stamps_as(lambda stamp: stamp.replace(".", ",")),
    "stamps with a blank for the T": stamps_as(lambda stamp: stamp.replace("T", " ")),
    "stamps in Unix time": lambda har: [
        entry.update(startedDateTime=1_767_261_600_137 + 40 * place) for place, entry in enumerate(har.entries)
    ],
    "stamps in Unix seconds": lambda har: [
        entry.update(startedDateTime=f"{1_767_261_600.137 + place}") for place, entry in enumerate(har.entries)
    ],
    "stamps as in mail": lambda har: [
        entry.update(startedDateTime=f"Thu, 01 Jan 2026 10:00:0{place} GMT") for place, entry in enumerate(har.entries)
    ],
    "entries out of order": lambda har: har.entries.reverse(),
    "redirectURL and statusText of null": responses_with(redirectURL=None, statusText=None, cookies=None),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_what_is_plainly_meant_is_read(oddity: str) -> None:
    har = used_twice()
    ODDITIES[oddity](har)
    told = read(har.raw)
    assert sorted(map(str, exchanges(told))) == sorted(map(str, WHOLE))
    assert told.extent is not None
    assert (told.extent.skipped, told.extent.lacking) == ((), {})
    assert codes(told) == ["S1"]


# -- the document as a whole -------------------------------------------------------------------------


def log_with(**members: Any) -> Callable[[bytes], bytes]:
    return lambda raw: json.dumps({"log": json.loads(raw)["log"] | members}).encode()


def twice_named(raw: bytes) -> bytes:
    return raw.replace(b'"status": 403,', b'"status": 7, "status": 403,').replace(b'{"log":', b'{"log": 1, "log":')


def in_two_lists(raw: bytes) -> bytes:
    entries = json.loads(raw)["log"]["entries"]
    first, second = json.dumps(entries[:2]), json.dumps(entries[2:])
    return f'{{"log": {{"entries": {first}, "entries": {second}}}}}'.encode()


DOCUMENTS: dict[str, Callable[[bytes], bytes]] = {
    "a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "UTF-16 as PowerShell writes it": lambda raw: raw.decode().encode("utf-16"),
    "UTF-16 of the other order": lambda raw: b"\xfe\xff" + raw.decode().encode("utf-16-be"),
    "UTF-16 without a mark": lambda raw: raw.decode().encode("utf-16-le"),
    "blank lines before it": lambda raw: b"\r\n\n  " + raw,
    "indented": lambda raw: json.dumps(json.loads(raw), indent=4).encode(),
    "pages: null": log_with(pages=None),
    "pages that are not pages": log_with(pages=[None, 7, {"title": None}]),
    "no version": lambda raw: raw.replace(b'"version": "1.2", ', b"", 1),
    "version as a number": log_with(version=1.2),
    "creator: null": log_with(creator=None),
    "creator as a word": log_with(creator="Proxy"),
    "names that stand twice": twice_named,
    "entries in two lists": in_two_lists,
    "commas before closing brackets": lambda raw: raw.replace(b'"receive": 0}', b'"receive": 0,}')[:-3] + b",],},}",
    "garbage after the document": lambda raw: raw + b"\n\x00<!-- saved -->",
    "two documents": lambda raw: raw + b"\n" + raw,
    "control characters in a text": lambda raw: raw.replace(b'"statusText": ""', b'"statusText": "O\tK"'),
    "half a surrogate pair": lambda raw: raw.replace(b'"statusText": ""', b'"statusText": "\\ud83d"'),
    "bytes that are not UTF-8": lambda raw: raw.replace(b'"statusText": ""', b'"statusText": "\xe4"'),
    "NaN": lambda raw: raw.replace(b'"dns": -1', b'"dns": NaN'),
    "members nobody knows": log_with(_extra={"log": []}, browser=7, comment=None),
}


@pytest.mark.parametrize("oddity", DOCUMENTS)
def test_the_document_may_be_odd(oddity: str) -> None:
    told = read(DOCUMENTS[oddity](used_twice().raw))
    assert exchanges(told) == WHOLE
    assert told.extent is not None
    assert told.extent.skipped == ()
    assert codes(told) == ["S1"]


# -- entries of other hosts: whatever stands there, they are not looked at --------------------------


OTHERS: dict[str, Entry] = {
    "status of 999": {"response": {"status": 999}},
    "status of 1": {"response": {"status": 1}},
    "status as a word": {"response": {"status": "blocked"}},
    "no response": {"response": None},
    "no stamp": {"startedDateTime": None},
    "a stamp of another calendar": {"startedDateTime": "0000-00-00T00:00:00"},
    "base64 that is none": {"response": {"status": 200, "content": {"encoding": "base64", "text": "&&&"}}},
    "a time of ages": {"time": 1e300},
    "a time as a word": {"time": "soon"},
    "headers of null": {"request": {"url": "https://shop.example/", "headers": None}},
    "no method": {"request": {"url": "https://shop.example/"}},
    "a URL that is none": {"request": {"url": "http://[::", "method": "GET"}},
    "a port that is none": {"request": {"url": "http://h:99999/", "method": "GET"}},
    "a data URL": {"request": {"url": "data:image/png;base64,AAAA", "method": "GET"}},
    "a tunnel": {"request": {"url": "shop.example:443", "method": "CONNECT"}},
    "a socket": {"request": {"url": "wss://shop.example/live", "method": "GET"}, "_webSocketMessages": [1]},
}


@pytest.mark.parametrize("oddity", OTHERS)
def test_an_odd_entry_of_another_host_is_of_no_interest(oddity: str) -> None:
    har = used_twice()
    har.entries.insert(1, har.entries[1] | {"request": {"url": "https://shop.example/", "method": "GET"}} | OTHERS[oddity])
    told = read(har.raw)
    assert told.extent is not None
    assert (told.extent.entries, told.extent.requests, told.extent.skipped) == (5, 4, ())
    assert codes(told) == ["S1"]


# -- whatever stands there ---------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "value", "text", "id"]), inner),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value within a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, member in inner for place in places(member, (*path, name)))]


@given(st.data())
def test_no_value_in_any_place_ends_the_reading_but_with_a_word(data: st.DataObject) -> None:
    document = json.loads(used_twice().raw)
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(places(document)[1:]))
        holder = document
        for name in way:
            holder = holder[name]
        holder[last] = data.draw(ANYTHING)
        if not isinstance(document.get("log"), dict):
            break
    raw = json.dumps(document).encode()
    with suppress(HarError, RecordingError):
        judged(read(raw).trace)
        reproduce(recording(BytesIO(raw), "x.har"))


# -- answers that are none ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 1, -1, None, "", "0", 0.0])
def test_a_status_that_means_none_is_no_answer(status: Any) -> None:
    har = used_twice()
    har.entries[2]["response"] = {"status": status}
    told = read(har.raw)
    assert exchanges(told) == [("token", 200), ("create", 200), ("send", None), ("send", 403)]
    assert codes(told) == ["S1"]


@pytest.mark.parametrize("response", [None, {}, {"status": 0, "headers": None, "content": None}])
def test_a_response_that_is_missing_is_no_answer(response: Any) -> None:
    har = used_twice()
    har.entries[2]["response"] = response
    assert exchanges(read(har.raw))[2] == ("send", None)


def test_a_slash_at_the_end_that_a_gateway_lets_pass_is_none() -> None:
    har = used_twice()
    for entry in har.entries[2:]:
        entry["request"]["url"] = f"{MESSAGES}/"
    assert exchanges(read(har.raw)) == WHOLE
