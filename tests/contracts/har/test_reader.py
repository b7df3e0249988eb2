"""Recordings of a real service: read as what reached it, judged by the clock on the wall, without its secrets."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64encode
from io import BytesIO
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from contracts.clauses import judged
from contracts.har.extent import Extent
from contracts.har.kinds import HarError
from contracts.har.reader import read
from contracts.har.reader import reading as reading_of
from mockserver.journal import Answer, Arrival, Entry, Header, Returned
from tests.contracts.har.recordings import API, BEARER, MESSAGES, SECRET, SESSIONS, START, Har


def reading(raw: bytes) -> Extent:
    """Return how much of a file was read."""
    extent = reading_of(BytesIO(raw)).extent
    assert extent is not None
    return extent


def arrivals(entries: list[Entry]) -> list[Arrival]:
    return [entry for entry in entries if isinstance(entry, Arrival)]


def answers(entries: list[Entry]) -> list[Answer]:
    return [entry for entry in entries if isinstance(entry, Answer)]


def one(har: Har) -> tuple[Arrival, Answer]:
    """The only exchange of a recording."""
    (arrival,), (answer,) = arrivals(read(har.raw)), answers(read(har.raw))
    return arrival, answer


def broken(har: Har) -> list[str]:
    return [verdict.code for verdict in judged(read(har.raw)).violated]


def reused() -> Har:
    har = Har()
    har.token()
    har.create()
    har.send()
    har.send(status=403)
    return har


def test_a_client_that_reuses_an_id_is_found_on_a_wall_clock() -> None:
    judgement = judged(read(reused().raw))
    assert [verdict.code for verdict in judgement.violated] == ["S1"]
    assert judgement.of("S1").message == "session s1 was used twice"
    assert judgement.history.header == Header(source="WebInspector", clock="wall", door="socket", resolution=10)


def test_what_needs_intents_is_not_judged() -> None:
    judgement = judged(read(reused().raw))
    assert {str(judgement.of(code).status) for code in ("R2", "S3", "S6", "A1", "D2", "D3")} == {"not_exercised"}


def test_times_are_when_a_request_left_and_when_its_answer_was_whole() -> None:
    har = Har()
    har.milliseconds = 1
    har.create(took=70.5, timings={"blocked": 20.2, "dns": 5, "connect": 10, "ssl": 8, "send": 0, "wait": 30, "receive": 5.3})
    arrival, answer = one(har)
    assert arrival.at == START + 37  # not before it left
    assert answer.at == START + 71  # not after it came back


def test_a_retry_that_waited_long_enough_is_not_too_early() -> None:
    har = Har()
    har.token()
    har.add(SESSIONS, {}, {"code": "too.many"}, 429, took=20.7, answered={"retry-after": "2"})
    har.milliseconds += 2000
    har.create()
    assert answers(read(har.raw))[1].retry_after == 2
    assert broken(har) == []


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("30", 30),
        ("Thu, 01 Jan 2026 10:00:30 GMT", 30),
        ("Wed, 31 Dec 2025 10:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("9" * 400, 10**9),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str, seconds: int | None) -> None:
    har = Har()
    har.add(SESSIONS, {}, {}, 429, answered={"Retry-After": told})
    assert one(har)[1].retry_after == seconds


def test_requests_that_overlap_stay_so() -> None:
    har = Har()
    har.create("id-1", took=100)
    har.milliseconds = 50
    har.create("id-2", took=10)
    kinds = [type(entry).__name__ for entry in read(har.raw)[1:]]
    assert kinds == ["Arrival", "Arrival", "Answer", "Answer"]
    assert [answer.issued for answer in answers(read(har.raw))] == ["id-2", "id-1"]


def test_the_order_of_time_counts_not_that_of_the_file() -> None:
    har = reused()
    har.entries.reverse()
    assert broken(har) == ["S1"]


def test_a_request_without_an_answer_may_have_been_accepted() -> None:
    har = Har()
    har.token()
    har.create()
    har.send(status=0)
    har.send(status=403)
    entries = read(har.raw)
    assert [entry.answered for entry in entries if isinstance(entry, Returned)] == [False]
    assert broken(har) == ["S1"]


# -- what counts -----------------------------------------------------------------------------------------------------


def test_other_hosts_and_other_business_are_ignored() -> None:
    har = reused()
    har.add("https://cdn.example/api/v2/conversations/webchat/nowhere", {}, {}, 404)
    har.add("https://api.cloud.example/api/v2/users/me", method="GET", got={}, status=404)
    har.add(f"{API}/calls/1", method="GET", got={}, status=404)
    har.add(MESSAGES, method="OPTIONS", status=404)
    har.add("data:text/plain,hello", method="GET")
    assert len(arrivals(read(har.raw))) == 4
    assert broken(har) == ["S1"]


def test_a_slip_in_a_path_is_seen() -> None:
    har = Har()
    har.create()
    har.add(f"{API}/webchat/session", {}, {}, 404)
    assert broken(har) == ["W2"]


def behind_a_gateway(har: Har) -> Har:
    """The same, with a path of a gateway's own before the platform's."""
    for entry in har.entries:
        entry["request"]["url"] = entry["request"]["url"].replace(".example/", ".example/eu/gateway/")
    return har


def test_what_a_gateway_puts_before_the_paths_changes_nothing() -> None:
    har = reused()
    har.add(f"{API}/webchat/session", {}, {}, 404)
    har.add(f"{MESSAGES}?access_token={BEARER}", {"webChatSessionId": "id", "text": "x"}, {})
    plain = read(har.raw)
    assert read(behind_a_gateway(har).raw) == plain
    assert {"S1", "W2", "A5"} <= set(broken(har))


def test_a_secret_in_a_gateways_own_path_has_leaked() -> None:
    har = reused()
    har.send("id-2")
    har.entries[-1]["request"]["url"] = MESSAGES.replace(".example/", f".example/for/{BEARER}/")
    assert "A5" in broken(har)
    assert BEARER not in msgspec.json.encode(read(har.raw)).decode()


def test_a_login_whose_tokens_the_platform_never_sees_is_other_business() -> None:
    har = reused()
    somebodys = {"access_token": "a-token-of-somebody-else"}
    har.add("https://identity.example/realms/shop/oauth/token?client_secret=abc", None, somebodys)
    assert len(arrivals(read(har.raw))) == 4
    assert broken(har) == ["S1"]


def test_a_recording_of_something_else_puts_nothing_to_the_test() -> None:
    har = Har()
    har.add("https://example.com/", method="GET", got={})
    assert {str(verdict.status) for verdict in judged(read(har.raw)).verdicts} == {"not_exercised"}


@pytest.mark.parametrize(
    ("others", "extent"),
    [
        (0, "read as requests to the platform: 4 of its 4 entries"),
        (2, "read as requests to the platform: 4 of its 6 entries"),
    ],
)
def test_it_tells_how_many_entries_are_the_platforms(others: int, extent: str) -> None:
    har = reused()
    for _ in range(others):
        har.add("https://shop.example/", method="GET")
    assert reading(har.raw).words == extent


def test_it_tells_that_none_is_the_platforms_and_where_they_went() -> None:
    har = Har()
    assert reading(har.raw).words == "nothing was read: it has no entries"
    har.add("https://me:my-password@shop.example/", method="GET")
    assert reading(har.raw).words == (
        "nothing was read: none of its 1 entries asks for a token, creates a session or sends a message; "
        "its requests went to shop.example"
    )


def test_the_contexts_are_the_platforms_where_it_told_them() -> None:
    har = Har()
    har.send(answered={"ININ-Correlation-Id": "c-1"})
    har.send(status=403)
    har.send(answered={"ININ-Correlation-Id": "of both"})
    har.send(answered={"ININ-Correlation-Id": "of both"}, text="another")
    assert [arrival.context_id for arrival in arrivals(read(har.raw))] == ["c-1", "context-1", "entry 3", "entry 4"]


# -- bodies ----------------------------------------------------------------------------------------------------------

GOT = json.dumps({"webChatSessionId": "id-1"}).encode()


@pytest.mark.parametrize(
    ("content", "answered"),
    [
        ({"text": b64encode(GOT).decode(), "encoding": "base64"}, {}),
        ({"text": b64encode(gzip.compress(GOT)).decode(), "encoding": "base64"}, {"Content-Encoding": "gzip"}),
        ({"text": b64encode(zlib.compress(GOT)).decode(), "encoding": "base64"}, {"content-encoding": "deflate"}),
        ({"text": b64encode(GOT).decode(), "encoding": "base64"}, {"Content-Encoding": "gzip"}),
        ({"text": GOT.decode()}, {"Content-Encoding": "br"}),
    ],
    ids=["base64", "gzip", "deflate", "unpacked already", "unpacked by the browser"],
)
def test_answers_are_unpacked(content: dict[str, str], answered: dict[str, str]) -> None:
    har = Har()
    har.create(content=content, answered=answered)
    assert one(har)[1].issued == "id-1"


def test_a_form_may_come_in_fields() -> None:
    har = Har()
    har.token()
    fields = [{"name": "grant_type", "value": "client_credentials"}, {"name": "client_secret", "value": SECRET}]
    har.entries[0]["request"]["postData"] = {"mimeType": "application/x-www-form-urlencoded", "params": fields}
    assert one(har)[0].body == {"grant_type": "client_credentials", "client_secret": "[REDACTED]"}


def test_bodies_that_were_not_recorded_are_not_held_against_the_client() -> None:
    har = reused()
    for entry in har.entries:
        entry["request"].pop("postData", None)
        entry["response"]["content"].pop("text")
    arrived = arrivals(read(har.raw))
    assert {(arrival.truncated, arrival.body is UNSET) for arrival in arrived} == {(True, True)}
    assert broken(har) == []
    assert reading(har.raw).words.endswith("4 of its 4 entries; the bodies of 3 of them were not recorded")


@pytest.mark.parametrize("status", [200, 403])
def test_a_message_that_was_looked_at_was_not_empty_whatever_the_tool_says(status: int) -> None:
    har = Har()
    har.send(status=status)
    del har.entries[0]["request"]["postData"]
    har.entries[0]["request"]["bodySize"] = 0
    assert one(har)[0].truncated
    assert broken(har) == []


def test_an_empty_body_is_one() -> None:
    har = Har()
    har.add(MESSAGES, None, {"code": "bad.request"}, 400)
    assert broken(har) == ["W1"]


def test_a_success_that_ends_too_early_was_cut() -> None:
    har = Har()
    har.create(content={"text": '{"webChatSess'})
    assert one(har)[1].delivery == "truncated"


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_do_not_get_into_the_trace() -> None:
    har = reused()
    har.send("id-2", text=f"my token is {BEARER}")
    har.add(f"{MESSAGES}?access_token={BEARER}", {"webChatSessionId": SECRET, "nested": [{"password": "hunter22"}]}, {})
    har.add(f"{SESSIONS}?q={SECRET}", text=f"not json {BEARER} client_secret=abc", got={"message": f"no {SECRET}"}, status=400)
    har.add(SESSIONS, {}, {}, headers={"Authorization": "Basic YXBwOnNlY3JldC1vZi10aGUtY2xpZW50"})
    written = msgspec.json.encode(read(har.raw)).decode()
    assert not [secret for secret in (SECRET, BEARER, "hunter22", "abc", "YXBwOnNl") if secret in written]


def test_where_a_secret_leaked_is_told() -> None:
    har = reused()
    har.add(f"{MESSAGES}?access_token={BEARER}", {"webChatSessionId": "id", "text": BEARER}, {})
    assert arrivals(read(har.raw))[-1].credential.seen_in == ("header", "url", "body")
    assert "A5" in broken(har)


@pytest.mark.parametrize(
    ("header", "value", "place"),
    [
        ("X-Api-Key", BEARER, "header:x-api-key"),
        ("Cookie", f"a=b; token={BEARER}", "cookie"),
        ("User-Agent", f"app ({BEARER})", "header:user-agent"),
        ("X-Signed", b64encode(BEARER.encode()).decode(), "header:x-signed"),
    ],
)
def test_so_is_a_leak_in_another_header(header: str, value: str, place: str) -> None:
    har = reused()
    har.add(MESSAGES, {"webChatSessionId": "id", "text": "hello"}, {}, headers={header: value})
    assert arrivals(read(har.raw))[-1].credential.seen_in == ("header", place)
    assert "A5" in broken(har)


@pytest.mark.parametrize("mask", ["REDACTED", "token-removed-by-tool", "xxxxxxxxxxxxxxxxxxxx"])
def test_a_word_that_stands_for_every_secret_is_no_leak(mask: str) -> None:
    har = reused()
    headers = {"Authorization": f"Bearer {mask}", "Cookie": f"session={mask}"}
    har.add(MESSAGES, {"webChatSessionId": "id", "text": "hello"}, {}, headers=headers)
    assert "A5" not in broken(har)


def test_a_token_keeps_its_identity() -> None:
    arrived, answered = arrivals(read(reused().raw)), answers(read(reused().raw))
    assert answered[0].token == arrived[1].credential.token
    assert answered[0].token_expires_in == 86_400


@pytest.mark.parametrize("shown", [None, "[REDACTED]", "Bearer [REDACTED]", "***"])
def test_a_tool_that_took_the_credentials_out_is_not_taken_for_the_client(shown: str | None) -> None:
    har = Har()
    har.token()
    for id in ("id-1", "id-2"):
        har.create(id, headers={"Authorization": shown})
        har.send(id, headers={"Authorization": shown})
    har.create(status=401, headers={"Authorization": shown})
    har.create(status=401, headers={"Authorization": shown})
    assert broken(har) == []


def test_a_literal_that_the_platform_refused_is_the_clients_own() -> None:
    har = Har()
    har.token()
    har.create(headers={"Authorization": "Bearer undefined"}, status=401)
    assert broken(har) == ["A5"]


# -- what cannot be read ---------------------------------------------------------------------------------------------


def spoilt(**entry: Any) -> bytes:
    """Entry 3 is not as it should be."""
    har = reused()
    har.entries[2] |= entry
    return har.raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (spoilt(request=None), "it has no request"),
        (spoilt(request={"url": 7}), "its request has no URL"),
        (spoilt(request={"url": MESSAGES}), "its request has no method"),
        (spoilt(response={"status": 1000}), "1000 is not an HTTP status"),
        (spoilt(response={"status": "fine"}), "its status is 'fine', which is not an HTTP status"),
        (spoilt(startedDateTime=None), "it has no startedDateTime"),
        (spoilt(startedDateTime="yesterday"), "its startedDateTime 'yesterday' is not a time"),
        (spoilt(startedDateTime="0001-01-01T00:00:00+14:00"), "its startedDateTime '0001-01-01T00:00:00+14:00' is not a time"),
        (spoilt(startedDateTime="9999-01-01T00:00:00Z"), "its startedDateTime '9999-01-01T00:00:00Z' is not a time"),
        (spoilt(time=1e300), "1e+300 ms is longer than anything takes"),
        (spoilt(request={"method": "POST", "url": f"http://[::{MESSAGES[8:]}"}), "is not a URL: "),
        (spoilt(request={"method": "POST", "url": MESSAGES.replace("api/", "", 1).replace("/v2", ":99999/api/v2")}), "URL"),
        (reused().raw.replace(b'"status": 200, "st', b'"status": 2o0, "st', 3)[:], "JSON is malformed"),
    ],
)
def test_an_entry_that_cannot_be_read_is_skipped_and_said_to_be(raw: bytes, reason: str) -> None:
    extent = reading(raw)
    assert extent.entries == 4
    assert len(extent.skipped) >= 1
    assert reason in extent.skipped[0].reason
    assert f"cannot be read (entry {extent.skipped[0].entry}: {extent.skipped[0].reason}" in extent.words


def test_the_reason_shows_no_secret_of_a_url() -> None:
    url = f"https://me:{SECRET}@h:99999/{MESSAGES.partition('/api')[2]}?access_token={BEARER}"
    extent = reading(spoilt(request={"method": "POST", "url": url.replace("99999/", "99999/api")}))
    assert "is not a URL" in extent.words
    assert SECRET not in extent.words
    assert BEARER not in extent.words


def test_the_line_names_a_few_entries_and_counts_the_others() -> None:
    har = reused()
    for entry in har.entries:
        entry["startedDateTime"] = None
    extent = reading(har.raw)
    assert [skipped.entry for skipped in extent.skipped] == [1, 2, 3, 4]
    assert extent.words.count("entry ") == 3
    assert extent.words.endswith("entry 3: it has no startedDateTime; and 1 more)")


def test_a_file_that_is_cut_is_judged_up_to_there() -> None:
    har = reused()
    har.send("id-2")
    raw = har.raw[:-40]
    assert broken_in(raw) == ["S1"]
    assert reading(raw).words.endswith("4 of its 4 entries; the file ends before this entry does")


def broken_in(raw: bytes) -> list[str]:
    return [verdict.code for verdict in judged(read(raw)).violated]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "x.har: this is not a HAR file: expected {, found the end"),
        (b'{"log": {"version": 1.2.3', "x.har: entry 1: the file ends before this entry does"),
        (b'{"info": {}, "item": []}', "x.har: this is not a HAR file: it looks like a collection of Postman"),
        (b"[" * 100_000, "x.har: this is not a HAR file"),
    ],
)
def test_what_is_not_a_recording_is_refused(raw: bytes, problem: str) -> None:
    with pytest.raises(HarError) as told:
        read(raw, "x.har")
    assert str(told.value).startswith(problem)


def test_a_body_that_unpacks_to_gigabytes_is_left_out() -> None:
    bomb = gzip.compress(bytes(20 << 20))
    content = {"text": b64encode(bomb).decode(), "encoding": "base64"}
    har = Har()
    har.create(content=content, answered={"Content-Encoding": "gzip"})
    assert reading(har.raw).lacking == {"unpacks to more than 16 MiB": 1}


def test_what_tools_leave_out_does_no_harm() -> None:
    har = reused()
    for entry in har.entries:
        del entry["timings"], entry["cache"]
        entry["startedDateTime"] = entry["startedDateTime"].replace("Z", "0000")
    assert broken_in(har.raw) == ["S1"]


def test_a_page_can_be_chosen() -> None:
    har = reused()
    document = json.loads(har.raw)
    document["log"]["pages"] = [{"id": "p1"}, {"id": "p2"}]
    for number, entry in enumerate(document["log"]["entries"]):
        entry["pageref"] = "p1" if number < 3 else "p2"
    raw = json.dumps(document).encode()
    assert len(arrivals(read(raw, page="p1"))) == 3
    with pytest.raises(HarError, match="it holds no page 'p3', but p1, p2"):
        read(raw, page="p3")
