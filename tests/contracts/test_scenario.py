"""Scenarios as data: they are read as they were written, and errors name their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from contracts import formats
from contracts import scenario as scenarios
from contracts.builtin import BUILTIN
from contracts.errors import ContractsError, ScenarioError
from contracts.scenario import (
    Advance,
    EndSessions,
    Fault,
    GrantScope,
    Message,
    Scenario,
    Send,
    SendParallel,
    Trigger,
    complexity,
    corpus,
    decode,
    digest,
    encode,
    load,
    messages,
    noted,
    save,
)
from tests.contracts.tape import guest

ANN, BOB = guest("ann"), guest("bob")
GUEST = {"name": "ann", "email": "ann@example.com"}
SEND = {"op": "send", "guest": GUEST, "text": "hello"}
FAULT = {"op": "fault", "operation": "send"}
FIXTURES = Path(__file__).parents[2] / "fixtures" / "scenarios"


def document(*items: Any, **fields: Any) -> bytes:
    return msgspec.json.encode({"version": 1, "items": items} | fields)


def refusal(raw: bytes) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        decode(raw, "mine.json")
    assert isinstance(caught.value, ContractsError)
    assert caught.value.source == "mine.json"
    return caught.value


EVERYTHING = Scenario(
    (
        Send(ANN, "null {{name}} 👋", during=(Trigger("send", EndSessions(), nth=2), Trigger("token", Advance(0.5)))),
        SendParallel((Message(ANN, "a"), Message(BOB, "b")), schedule=(0, 3, 1)),
        *(step() for step in get_args(scenarios.Perturbation) if step not in {Advance, Fault}),
        Fault("send", "status", times=3, status=429, retry_after=30),
        Fault("create", "status", status=500, after_acting=True),
        Fault("token", "latency", seconds=20, where="after"),
        Fault("send", "opaque_403"),
        Fault("create", "lost_request"),
        Fault("send", "lost_response"),
        Fault("token", "truncated_body"),
    ),
    title="everything at once",
    policy={"ttl": 60, "idle_timeout": 0.5, "token_idle_timeout": None},
)


def test_what_is_written_is_read() -> None:
    assert decode(encode(EVERYTHING)) == EVERYTHING


def test_a_file_names_every_step_by_its_op_and_leaves_out_what_goes_without_saying() -> None:
    written = msgspec.json.decode(encode(EVERYTHING))
    assert list(written) == ["version", "title", "policy", "items"]
    items = written["items"]
    assert {item["op"] for item in items} == {step.__struct_config__.tag for step in get_args(scenarios.Item)} - {"advance"}
    assert items[0]["during"] == [
        {"before": "send", "do": {"op": "end_sessions"}, "nth": 2},
        {"before": "token", "do": {"op": "advance", "seconds": 0.5}},
    ]


@pytest.mark.parametrize(
    ("item", "place", "problem"),
    [
        ({"op": "explode"}, "$.items[0].op", "use one of send, send_parallel, advance"),
        ({"op": "advance", "seconds": -1}, "$.items[0].seconds", ">= 0"),
        ({"op": "advance", "seconds": 1e12}, "$.items[0].seconds", "<= "),
        ({"op": "advance"}, "$.items[0]", "seconds"),
        ({"op": "advance", "seconds": 1, "minutes": 2}, "$.items[0]", "minutes"),
        ({"seconds": 1}, "$.items[0]", "op"),
        ({**SEND, "text": ""}, "$.items[0].text", "length >= 1"),
        ({**SEND, "guest": {"name": "ann"}}, "$.items[0].guest", "email"),
        ({**SEND, "guest": "ann"}, "$.items[0].guest", "object"),
        ({**SEND, "during": [{"before": "logout", "do": {"op": "end_sessions"}}]}, "$.items[0].during[0].before", "logout"),
        ({**SEND, "during": [{"before": "send", "nth": 0, "do": {"op": "end_sessions"}}]}, "$.items[0].during[0].nth", ">= 1"),
        ({**SEND, "during": [{"before": "send", "do": {"op": "restart_client"}}]}, "$.items[0].during[0].do", "between items"),
        ({"op": "send_parallel", "sends": []}, "$.items[0].sends", "length >= 1"),
        ({"op": "send_parallel", "sends": [{"guest": GUEST, "text": t} for t in "ab"]}, "$.items[0].sends", "distinct"),
        ({**FAULT, "kind": "gremlin"}, "$.items[0].kind", "gremlin"),
        ({**FAULT, "kind": "lost_request", "times": 0}, "$.items[0].times", ">= 1"),
        ({**FAULT, "kind": "status"}, "$.items[0]", "`status` goes with"),
        ({**FAULT, "kind": "status", "status": 418}, "$.items[0].status", "418"),
        ({**FAULT, "kind": "lost_request", "status": 500}, "$.items[0]", "`status` goes with"),
        ({**FAULT, "kind": "status", "status": 500, "retry_after": 1}, "$.items[0]", "429 or 503"),
        (
            {**FAULT, "kind": "status", "status": 503, "after_acting": True},
            "$.items[0]",
            "500, 502 or 504",
        ),
        ({**FAULT, "kind": "lost_request", "seconds": 1}, "$.items[0]", "`latency`"),
        ({**FAULT, "kind": "status", "status": 302}, "$.items[0]", "`redirect` takes a status from 301 to 308"),
        ({**FAULT, "kind": "redirect", "status": 503}, "$.items[0]", "`redirect` takes a status from 301 to 308"),
        ({**FAULT, "kind": "redirect"}, "$.items[0]", "`status` goes with"),
        ({**FAULT, "kind": "unusable_body"}, "$.items[0]", "`body` goes with"),
        ({**FAULT, "kind": "lost_request", "body": "html"}, "$.items[0]", "`body` goes with"),
        ({**FAULT, "kind": "unusable_body", "body": "xml"}, "$.items[0].body", "xml"),
        ({**FAULT, "kind": "status", "status": 500, "retry_after_form": "date"}, "$.items[0]", "429 or 503"),
        ({**FAULT, "kind": "status", "status": 429, "retry_after_form": "date"}, "$.items[0]", "needs `retry_after`"),
        ({"op": "fault", "operation": "create", "kind": "opaque_403"}, "$.items[0]", "`send` only"),
        (
            {**SEND, "during": [{"before": "send", "do": {"op": "fault", "operation": "create", "kind": "opaque_403"}}]},
            "$.items[0].during[0].do",
            "`send` only",
        ),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_its_place(item: Any, place: str, problem: str) -> None:
    error = refusal(document(item))
    assert error.place == place
    assert problem in error.problem
    assert str(error) == f"mine.json: {place}: {error.problem}"


@pytest.mark.parametrize(
    ("raw", "place", "problem"),
    [
        (b"", "$", "truncated"),
        (b"{", "$", "truncated"),
        (b"[]", "$", "object"),
        (b"[" * 100_000, "$", ""),
        (b'{"items": "send"}', "$.items", "array"),
        (document(SEND, title=7), "$.title", "str"),
        (document(SEND, policy=[]), "$.policy", "object"),
        (document(SEND, policy={"ttl": {"seconds": 1}}), "$.policy[...]", "object"),
        (document(SEND, extra=1), "$", "extra"),
        (document(SEND, version=2), "$.version", "2 is not known here"),
        (document({"op": "of the future"}, version=2), "$.version", "2 is not known here"),
        (document(*[{"op": "end_sessions"}] * 1001), "$.items", "length <= 1000"),
        (b'{"items": [{"op": "advance", "seconds": NaN}]}', "$", "malformed"),
        (b'{"items": [], "title": "\xff"}', "$", "utf-8"),
        (b'{"items": [{"op": "send", "guest": {"name": "a", "email": "b"}, "text": "\\ud800"}]}', "$", ""),
        (b" " * (formats.MAX_BYTES + 1), "$", "longer than"),
    ],
)
def test_what_is_no_scenario_is_refused(raw: bytes, place: str, problem: str) -> None:
    error = refusal(raw)
    assert error.place == place
    assert problem in error.problem


def test_a_file_that_is_not_there_or_too_long_is_a_scenario_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load(tmp_path / "none.json")
    long = tmp_path / "long.json"
    with long.open("wb") as file:
        file.truncate(formats.MAX_BYTES * 1000)
    with pytest.raises(ScenarioError, match="longer than"):
        load(long)


def test_a_corpus_keeps_counterexamples_under_stable_names(tmp_path: Path) -> None:
    first, again = Scenario((Send(ANN, "0"),)), Scenario((Send(ANN, "0"),), title="the same")
    path = save(first, tmp_path / "corpus", "S1")
    assert path.name == f"S1-{digest(first)}.json"
    assert save(again, tmp_path / "corpus", "S1") == path
    save(Scenario((Send(ANN, "1"),)), tmp_path / "corpus", "D2")
    assert [(found.name[:2], kept.items) for found, kept in corpus(tmp_path / "corpus", scenarios.load)] == [
        ("D2", (Send(ANN, "1"),)),
        ("S1", (Send(ANN, "0"),)),
    ]


def test_a_digest_is_eight_digits_that_stay_the_same() -> None:
    assert digest(Scenario((Send(ANN, "0"),))) == "52f94a88"


def test_simplest_first_means_fewer_intents_then_fewer_steps_then_shorter() -> None:
    by_complexity = [
        Scenario(()),
        Scenario((EndSessions(),)),
        Scenario((Send(ANN, "0"),)),
        Scenario((Send(ANN, "00"),)),
        Scenario((Send(ANN, "0", during=(Trigger("send", EndSessions()),)),)),
        Scenario((Send(ANN, "0"), Send(ANN, "0"))),
        Scenario((Send(ANN, "0"), EndSessions(), Send(ANN, "0"))),
        Scenario((SendParallel((Message(ANN, "0"), Message(BOB, "1"))), Send(ANN, "0"))),
    ]
    backwards = list(reversed(by_complexity))
    assert sorted(backwards, key=complexity) == by_complexity


def test_intents_are_counted_and_listed() -> None:
    assert EVERYTHING.intents == 3
    assert [message.text for item in EVERYTHING.items for message in messages(item)] == ["null {{name}} 👋", "a", "b"]


def test_a_perturbation_is_noted_by_name_and_detail() -> None:
    assert noted(Advance(30)) == ("advance", {"seconds": 30})
    assert noted(GrantScope()) == ("grant_scope", {})
    assert noted(Fault("send", "status", status=503))[1] == {"operation": "send", "kind": "status", "status": 503}


def test_the_scenarios_that_come_with_the_tool_are_shipped_as_files() -> None:
    shipped = {path.stem: load(path) for path in FIXTURES.glob("*.json")}
    assert shipped == BUILTIN
    assert all((FIXTURES / f"{name}.json").read_bytes() == encode(scenario) for name, scenario in BUILTIN.items())


def test_every_built_in_scenario_has_a_title_and_asks_for_something() -> None:
    assert all(scenario.title and scenario.intents for scenario in BUILTIN.values())
