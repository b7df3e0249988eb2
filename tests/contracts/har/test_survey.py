"""Properties that only all requests together show: masked ids, duplicate exchanges, coarse timestamps."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.har.extent import Extent
from contracts.har.reader import HarReading, reading
from contracts.har.secrets import looks_masked
from contracts.har.survey import UNKNOWN, resolution
from contracts.judge import Status
from contracts.replay import ReproductionReport as Reproduction
from contracts.replay import reproduce
from contracts.replay.archives import read as recording
from contracts.report.facts import refused, remarks
from contracts.report.model import Report
from contracts.verify import check
from tests.contracts.har.recordings import Har


def read(har: Har) -> tuple[HarReading, Extent]:
    told = reading(BytesIO(har.raw))
    assert told.extent is not None
    return told, told.extent


def checked(har: Har) -> Report:
    told, extent = read(har)
    return check("x.har", told.trace, extent=extent, in_other_order=told.in_other_order)


def violated(har: Har) -> list[str]:
    return [result.code for result in checked(har).violated]


def reproduced(har: Har) -> Reproduction:
    return reproduce(recording(BytesIO(har.raw), "x.har"))


def three_messages(*ids: str) -> Har:
    """A right client: a session for each of three messages."""
    har = Har()
    har.milliseconds = 137
    har.token(took=21)
    for nth, id in enumerate(ids or ("id-1", "id-2", "id-3")):
        har.create(id, took=33)
        har.send(id, took=17, text=f"message {nth}")
    return har


def test_refused_requests_are_counted_and_their_explanation_is_named() -> None:
    har = three_messages()
    assert not list(refused(checked(har)))
    for status in (403, 403, 429, 403, 500):
        har.send("id-1", status)
    assert read(har)[1].refused == {8: 403, 9: 403, 10: 429, 11: 403}
    told = "requests that were refused: 4 (entry 8: 403; entry 9: 403; entry 10: 429; and 1 more); to see why: dayfly reproduce"
    assert f"{told} x.har" in remarks(checked(har))
    assert f"{told} 'my files/x.har'" in remarks(replace(checked(har), target="my files/x.har"))
    assert f"{told} FILE" in remarks(replace(checked(har), target="-"))


# -- masks -------------------------------------------------------------------------------------------

MASKS = [
    "***", "xxxx", "XXXXX", "REDACTED", "[REDACTED]", "<redacted>", "[access_token redacted]", "redacted_id", "-removed-",
    "00000000-0000-0000-0000-000000000000", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "•••••", "********-****-****-****-************", "hidden", "__MASKED__",
]  # fmt: skip


@pytest.mark.parametrize("mask", [*MASKS, "the same id for all"])
def test_masked_ids_are_no_reuse(mask: str) -> None:
    har = three_messages(mask, mask, mask)
    _, extent = read(har)
    assert extent.masked == (2, 3, 4, 5, 6, 7)
    assert "the session ids of 6 are masked, so their sessions cannot be told apart" in extent.words
    report = checked(har)
    assert report.violated == ()
    told = {result.code: result for result in report.clauses}
    for code in ("S1", "S2", "S3", "S4", "R1", "R2"):
        assert told[code].status is Status.NOT_EXERCISED, code
        assert told[code].message == "the session ids of this recording are masked"
    assert told["W1"].status is Status.HELD
    assert report.exit_status() == 0


@pytest.mark.parametrize("mask", MASKS)
def test_masked_ids_teach_no_policy(mask: str) -> None:
    report = reproduced(three_messages(mask, mask, mask))
    assert report.exit_status == 0
    assert [result.reproduced.status for result in report.results] == [200] * 7
    assert any("are masked; nothing is concluded about sessions" in problem.text for problem in report.problems)
    spans = {finding.name: finding for finding in report.inference.findings}
    assert [spans[name].above for name in ("idle_timeout", "ttl", "handshakes")] == [None] * 3


def test_masked_ids_that_were_refused() -> None:
    har = three_messages("***", "***")
    har.send("***", status=403)
    assert violated(har) == []
    assert reproduced(har).exit_status == 0


def test_a_mask_in_a_login_alone_is_nothing_to_speak_of() -> None:
    assert read(three_messages())[1].masked == ()


def test_ids_that_a_tool_has_taken_out_are_like_masked_ones() -> None:
    har = three_messages()
    for entry in har.entries:
        data = entry["request"]["postData"]
        data["text"] = data["text"].replace('"webChatSessionId"', '"_"')
    assert read(har)[1].masked == (3, 5, 7)
    assert violated(har) == []


@pytest.mark.parametrize("shown", ["***", "REDACTED", "00000000-0000-0000-0000-000000000000", "{{id}}"])
def test_a_mask_that_the_client_sends_itself_is_its_own(shown: str) -> None:
    """The answers show real ids, and the platform refused this one."""
    har = three_messages()
    har.send(shown, status=403)
    assert read(har)[1].masked == ()
    assert {"S4", "S5"} & {result.code for result in checked(har).clauses if result.status is not Status.HELD}


def test_what_is_not_masked_is_judged() -> None:
    har = three_messages("***", "***")
    har.create("id-3")
    har.send("id-3")
    har.send("id-3", status=403)
    assert violated(har) == ["S1"]


@pytest.mark.parametrize("value", ["id-1", "852ca851-d589-4a56-a7c1-bed02da65710", "hiddenlake", "xylophone", "secretary", "a"])
def test_an_id_is_not_a_mask(value: str) -> None:
    assert not looks_masked(value)


@given(st.uuids())
def test_no_random_id_is_a_mask(value: Any) -> None:
    assert not looks_masked(str(value))


@pytest.mark.parametrize("mask", ["***", "xxxxxxxx", "REDACTED", "one token for all logins"])
def test_masked_tokens_are_told_apart_by_nothing(mask: str) -> None:
    """A 401, another token, and on: with both masked it looks as if the first were shown again."""
    har = Har()
    har.milliseconds = 137
    shown = {"Authorization": f"Bearer {mask}"}
    for nth in range(2):
        har.token(mask, took=21)
        har.create(f"id-{nth}", took=33, headers=shown, status=401 if nth == 0 else 200)
    har.send("id-1", headers=shown)
    _, extent = read(har)
    assert extent.masked_tokens
    assert "the tokens are masked or removed" in extent.words
    assert len({entry.credential.token for entry in read(har)[0].trace if getattr(entry, "operation", "") == "create"}) == 2  # type: ignore[union-attr]
    told = {result.code: result for result in checked(har).clauses}
    assert told["A1"].message == "the tokens of this recording are masked"
    assert violated(har) == []
    assert reproduced(har).exit_status == 0


# -- exchanges that stand there twice ----------------------------------------------------------------


def again(entry: dict[str, Any], milliseconds: int = 3, **changes: Any) -> dict[str, Any]:
    """The same exchange as another recorder saw it, a little later and shorter."""
    other = copy.deepcopy(entry)
    stamp = entry["startedDateTime"]
    other["startedDateTime"] = f"{stamp[:-4]}{int(stamp[-4:-1]) + milliseconds:03d}Z"
    other["time"] -= 2 * milliseconds
    return other | changes


def merged(har: Har, correlated: bool, **changes: Any) -> Har:
    """Return the recordings of a browser and a proxy of the same client, merged into one file."""
    both = Har()
    for number, entry in enumerate(har.entries):
        if correlated:
            entry["response"]["headers"].append({"name": "ININ-Correlation-Id", "value": f"c-{number}"})
        both.entries += [entry, again(entry, **changes)]
    return both


@pytest.mark.parametrize("correlated", [True, False])
@pytest.mark.parametrize("changes", [{}, {"milliseconds": 0}, {"_fetchedViaServiceWorker": True}])
def test_an_exchange_that_was_recorded_twice_counts_once(correlated: bool, changes: dict[str, Any]) -> None:
    har = merged(three_messages(), correlated, **changes)
    _, extent = read(har)
    assert (extent.requests, extent.entries, len(extent.doubled)) == (7, 14, 7)
    assert "7 recorded twice and counted once (entry 2 is entry 1)" in extent.words
    assert violated(har) == []
    report = reproduced(har)
    assert (report.exit_status, len(report.results)) == (0, 7)
    assert report.policy["handshakes"] == report.inference.policy["handshakes"] == 1


def test_the_entry_that_tells_more_is_kept() -> None:
    har = merged(three_messages(), correlated=True)
    del har.entries[2]["response"]["content"]["text"], har.entries[4]["request"]["postData"]
    _, extent = read(har)
    assert (extent.doubled[3], extent.doubled[5], extent.lacking) == (4, 6, {})
    assert violated(har) == []


def test_clocks_of_two_machines_may_differ_if_the_platform_named_the_exchange() -> None:
    har = merged(three_messages(), correlated=True, milliseconds=400)
    assert (len(read(har)[1].doubled), violated(har)) == (7, [])


def twice_at_once(har: Har) -> Iterator[str]:
    """A client that sends each message twice at once: both stand there with answers of their own."""
    for entry in list(har.entries):
        if "sendmessage" in entry["request"]["url"]:
            second = again(entry)
            second["response"]["content"]["text"] = '{"code": "not.authorized", "contextId": "c"}'
            second["response"]["status"] = 403
            har.entries.append(second)
            yield "doubled"


def test_a_client_that_sends_twice_at_once_is_not_taken_for_a_doubled_recording() -> None:
    har = three_messages()
    assert len(list(twice_at_once(har))) == 3
    assert read(har)[1].doubled == {}


def test_a_retry_is_not_a_doubled_recording() -> None:
    """It comes after the answer to the first, however soon and however much alike."""
    har = three_messages()
    for _ in range(3):
        har.add("https://api.cloud.example/api/v2/conversations/webchat/sessions", {}, {"code": "unavailable"}, 503, took=5)
    assert read(har)[1].doubled == {}


def test_a_correlation_id_that_the_client_chose_names_no_exchange() -> None:
    har = three_messages()
    har.send("id-3", took=17, text="message 2")
    for entry in har.entries:
        for side in (entry["request"], entry["response"]):
            side["headers"].append({"name": "ININ-Correlation-Id", "value": "run-7"})
    assert read(har)[1].doubled == {}
    assert violated(har) == ["S1"]


def test_a_masked_correlation_id_names_no_exchange() -> None:
    har = three_messages()
    har.send("id-3", took=17, text="message 2")
    for entry in har.entries:
        entry["response"]["headers"].append({"name": "ININ-Correlation-Id", "value": "***"})
    assert read(har)[1].doubled == {}
    assert violated(har) == ["S1"]


# -- coarse stamps -----------------------------------------------------------------------------------


def coarse(har: Har, form: str = "2026-01-01T10:00:{:02d}Z", per_second: int = 3) -> Har:
    """Stamps to the second, several requests to each."""
    for number, entry in enumerate(har.entries):
        entry["startedDateTime"] = form.format(number // per_second)
    return har


ONE_STAMP = "2026-01-01T10:00:07.137Z"


@pytest.mark.parametrize("form", ["2026-01-01T10:00:{:02d}Z", "2026-01-01T10:00:{:02d}.000Z", ONE_STAMP])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_right_client_is_not_condemned_for_its_recorders_clock(form: str, reverse: bool) -> None:
    har = coarse(three_messages(), form)
    if reverse:
        har.entries.reverse()
    assert violated(har) == []
    assert reproduced(har).exit_status == 0


@pytest.mark.parametrize("form", ["2026-01-01T10:00:{:02d}Z", ONE_STAMP])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_client_that_reuses_an_id_is_found_all_the_same(form: str, reverse: bool) -> None:
    har = three_messages()
    har.send("id-3", status=403)
    coarse(har, form)
    if reverse:
        har.entries.reverse()
    assert violated(har) == ["S1"]
    report = reproduced(har)
    assert [result.reproduced.status for result in report.results] == [200] * 7 + [403]
    assert not [result.taken for result in report.results if result.taken]
    assert all(finding.at_most is None for finding in report.inference.findings if finding.name in {"ttl", "idle_timeout"})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("2026-01-01T10:00:{:02d}Z", "time stamps are rounded to 1 s, so the order of equal ones is unknown"),
        ("2026-01-01T10:{:02d}Z", "time stamps are rounded to 60 s, so the order of equal ones is unknown"),
        (ONE_STAMP, "all time stamps are the same, so neither order nor time is known"),
    ],
)
def test_it_says_how_exact_the_stamps_are(form: str, said: str) -> None:
    assert said in read(coarse(three_messages(), form))[1].words


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("2026-01-01T10:00:{:02d}Z", Status.HELD),
        ("2026-01-01T10:{:02d}Z", Status.NOT_EXERCISED),
        (ONE_STAMP, Status.NOT_EXERCISED),
    ],
)
def test_an_age_that_is_not_known_is_not_said_to_be_small(form: str, status: Status) -> None:
    told = {result.code: result.status for result in checked(coarse(three_messages(), form)).clauses}
    assert told["S2"] is status


def test_requests_of_one_second_do_not_overlap() -> None:
    """Each of them takes long enough to run into the stamp of the next, if that were exact."""
    har = three_messages()
    for entry in har.entries:
        entry["time"] = 900
    told, _ = read(coarse(har, per_second=1))
    kinds = [type(entry).__name__ for entry in told.trace[1:]]
    assert kinds == ["Arrival", "Answer"] * 7


def test_requests_that_must_overlap_do() -> None:
    har = three_messages()
    har.entries[1]["time"] = 3500
    told, _ = read(coarse(har, per_second=1))
    kinds = [type(entry).__name__ for entry in told.trace[1:]]
    assert kinds[2:5] == ["Arrival", "Arrival", "Answer"]


def test_an_accusation_that_hangs_on_the_order_of_equal_stamps_is_a_doubt() -> None:
    """A refusal, and the same request again: or the other way round, if it was mended meanwhile."""
    har = Har()
    har.milliseconds = 137
    har.token(took=21)
    har.create("id-1")
    har.send("id-1", status=403, took=17)
    har.send("id-1", took=0, status=0)
    fine = {result.code: result.status for result in checked(har).clauses}
    assert fine["R1"] is Status.VIOLATED
    told = {result.code: result for result in checked(coarse(har, per_second=9)).clauses}
    assert told["R1"].status is not Status.VIOLATED
    assert told["S1"].status is not Status.VIOLATED
    assert "unless requests with the same stamp came in another order" in told["R1"].message


@pytest.mark.parametrize(
    ("stamps", "step"),
    [
        ([], 1), ([1.0], 1), ([1000.0], 1000), ([1000.0, 2000.0], 1000), ([60_000.0, 180_000.0], 60_000),
        ([1100.0, 2000.0], 100), ([1010.5, 2000.0], 10), ([5.0, 5.0, 5.0], UNKNOWN), ([5.0, 5.0], 1), ([5.0, 5.0, 6.0], 1),
    ],
)  # fmt: skip
def test_the_resolution_of_stamps(stamps: list[float], step: int) -> None:
    assert resolution(stamps) == step
