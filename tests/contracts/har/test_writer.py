"""Traces as HAR files: they have what browser tools need, contain no secret, and are read back unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.clauses import judged
from contracts.clients.python import PythonClients
from contracts.har.kinds import HarError
from contracts.har.reader import read
from contracts.har.writer import HarRecording, archive
from contracts.runner import Runner
from contracts.scenario import Advance, Fault, RejectTokens, Scenario, Send
from mockserver.journal import Began, Ended, Entry
from mockserver.journal import read as read_journal
from tests.contracts.small import Small
from tests.contracts.tape import LOST_REQUEST, LOST_RESPONSE, Tape, guest

TRACES = sorted((Path(__file__).parents[3] / "fixtures" / "traces").glob("*/*.jsonl"))
ANN = guest("ann")


def written(trace: Sequence[Entry], id: str = "page", **recording: Any) -> dict[str, Any]:
    """The file, as a program meets it."""
    return dict(msgspec.json.decode(msgspec.json.encode(archive([HarRecording(id, "title", trace, **recording)]))))


def again(document: Any, page: str | None = None) -> list[Entry]:
    return read(msgspec.json.encode(document), "x.har", page)


def stripped(value: Any) -> Any:
    """Without what dayfly adds, as another tool would save it."""
    if isinstance(value, dict):
        return {name: stripped(member) for name, member in value.items() if name != "_dayfly"}
    return [stripped(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", TRACES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_trace_is_read_back_as_it_was(path: Path) -> None:
    trace = list(read_journal(path.read_bytes().splitlines()))
    assert again(written(trace)) == trace


class Keeper(Small):
    """Keeps its first session for ever."""

    kept = ""

    def create(self, guest: Any) -> str:
        self.kept = self.kept or super().create(guest)
        return self.kept


class Hasty(Small):
    """Tries whatever fails once more at once."""

    def post(self, path: str, body: Any) -> Any:
        try:
            return super().post(path, body)
        except Exception:
            return super().post(path, body)


SCENARIOS = {
    "reused": Scenario((Send(ANN, "one"), Send(ANN, "two"))),
    "stale": Scenario((Send(ANN, "one"), Advance(3600), Send(ANN, "two"))),
    "limited": Scenario((Fault("create", "status", status=429, retry_after=30), Send(ANN, "one"))),
    "refused": Scenario((Send(ANN, "one"), RejectTokens(), Send(ANN, "two"))),
    "lost": Scenario((Fault("send", "lost_response"), Send(ANN, "one"), Fault("create", "truncated_body"), Send(ANN, "two"))),
}


@pytest.mark.parametrize("client", [Small, Keeper, Hasty])
@pytest.mark.parametrize("name", SCENARIOS)
def test_other_tools_lose_only_what_needs_intents_or_virtual_time(name: str, client: type[Small]) -> None:
    with Runner(PythonClients(client)) as world:
        trace = world.run(SCENARIOS[name]).trace
    before = judged([entry for entry in trace if not isinstance(entry, Began | Ended)])
    after = judged(again(stripped(written(trace))))
    differ = [one.code for one, other in zip(before.verdicts, after.verdicts, strict=True) if one.status != other.status]
    assert set(differ) <= {"S2"}  # stamps of virtual time are to the minute, or all the same: they show no age
    assert {str(after.of(code).status) for code in differ} <= {"inconclusive", "not_exercised"}


def everything() -> Tape:
    tape = Tape(idle_timeout=30)
    tape.begin("naïve 👋 \u202e")
    tape.token()
    session = tape.create()
    tape.send(session, **LOST_RESPONSE)
    tape.answer(tape.leave_send(session, token=None), 403)
    tape.answer(tape.leave_create(), 429, retry_after=7, delay=1.5)
    tape.answer(tape.leave_create(), **LOST_REQUEST)
    tape.returned(tape.leave_create(), answered=False)
    tape.leave_create()
    tape.end("failed")
    return tape


def test_it_has_all_that_har_asks_for() -> None:
    log = written(everything().entries)["log"]
    assert log["version"] == "1.2"
    assert set(log["creator"]) == {"name", "version"}
    (page,) = log["pages"]
    assert {"id", "title", "startedDateTime", "pageTimings"} <= set(page)
    assert len(log["entries"]) == 8
    for entry in log["entries"]:
        assert {"pageref", "startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert set(entry["timings"]) == {"blocked", "dns", "connect", "ssl", "send", "wait", "receive"}
        assert sum(max(0, part) for part in entry["timings"].values()) == entry["time"]
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"} <= set(
            entry["request"]
        )
        assert {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"} <= set(entry["response"])
        assert {"size", "mimeType", "text"} <= set(entry["response"]["content"])


def test_entries_tell_time_status_and_why_there_is_none() -> None:
    entries = written(everything().entries)["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [200, 200, 0, 403, 429, 0, 0, 0]
    assert entries[4]["startedDateTime"] == "2026-01-01T10:00:00.000Z"
    assert entries[4]["time"] == 1500
    assert {"name": "Retry-After", "value": "7"} in entries[4]["response"]["headers"]
    assert [entry["response"].get("_error") for entry in entries[5:]] == [
        "the connection closed; the request never reached the platform",
        "the client stopped waiting",
        "the recording holds no answer",
    ]


def test_tokens_are_told_apart_but_not_told() -> None:
    headers = [entry["request"]["headers"] for entry in written(everything().entries)["log"]["entries"]]
    shown = [[header["value"] for header in found if header["name"] == "Authorization"] for found in headers]
    assert shown[:4] == [["Basic [REDACTED client client]"], ["Bearer [REDACTED t:1]"], ["Bearer [REDACTED t:1]"], []]


def test_comments_stand_at_their_requests() -> None:
    entries = written(everything().entries, comments={2: "first"})["log"]["entries"]
    assert [entry.get("comment") for entry in entries][:2] == ["first", None]


def test_one_of_several_traces_is_chosen_by_its_page() -> None:
    tapes = everything(), Tape()
    document = archive([HarRecording(id, id, tape.entries) for id, tape in zip(("S1", "R5"), tapes, strict=True)])
    assert again(document, "S1") == everything().entries
    assert again(document, "R5") == Tape().entries
    with pytest.raises(HarError, match=r"it holds 2 recordings; name one: x.har#S1 \(S1, R5\)"):
        again(document)
    with pytest.raises(HarError, match="it holds no recording 'D2', but S1, R5"):
        again(document, "D2")


@pytest.mark.parametrize("spoil", [{"arrival": {}}, {"arrival": None}, [], {"arrival": {"type": "answer"}}])
def test_extras_that_are_none_are_refused(spoil: Any) -> None:
    document = written(everything().entries)
    document["log"]["entries"][1]["_dayfly"] = spoil
    with pytest.raises(HarError, match=r"x\.har: entry 2: "):
        again(document)
