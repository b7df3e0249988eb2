"""Does the client speak the platform's language? Bodies are judged by a description of the judge's own, held to the mock's."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from contracts.clauses import shapes
from mockserver.assemble import assemble
from mockserver.engine.model import Operation
from mockserver.journal import Arrival, Header, ShownCredential
from mockserver.settings import Settings
from mockserver.wire import Handler, Request
from mockserver.wire.bodies import FORM
from tests.contracts.tape import DEAD, LOST_REQUEST, PATHS, SCOPE, Tape, bearer

GUEST = {"name": "ann", "email": "ann@example.com"}


def sent(operation: Operation, body: Any = UNSET, media_type: str | None = "application/json", **fields: Any) -> Tape:
    tape = Tape()
    tape.leave(operation, bearer("t:1"), body, media_type=media_type, **fields)
    return tape


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("create", {"guest": GUEST}),
        ("create", {"guest": GUEST, "extra": 1}),
        ("create", {"guest": {"name": "", "email": "x" * 254}}),
        ("create", {}),
        ("create", None),
        ("send", {"webChatSessionId": "x", "text": "y" * 4000}),
        ("send", {"webChatSessionId": "prev-session-uuid", "text": "\U0001f44b" * 4000}),
    ],
)
def test_w1_accepts_what_the_platform_takes(operation: Operation, body: Any) -> None:
    assert sent(operation, body).status("W1") == "held"
    assert sent(operation, body, "application/json; charset=utf-8").status("W1") == "held"


@pytest.mark.parametrize(
    ("operation", "body", "problem"),
    [
        ("create", [], "the body is not an object"),
        ("create", {"guest": None}, "`guest` is not an object"),
        ("create", {"guest": {"name": "ann"}}, "`email` is missing"),
        ("create", {"guest": {"name": "a" * 255, "email": ""}}, "`name` is longer than 254 characters"),
        ("create", {"guest": {"name": "a\0", "email": ""}}, "`name` holds a NUL"),
        ("send", None, "the body is not an object"),
        ("send", {"text": "x"}, "`webChatSessionId` is missing"),
        ("send", {"webChatSessionId": 7, "text": "x"}, "`webChatSessionId` is not a string"),
        ("send", {"webChatSessionId": "", "text": "x"}, "`webChatSessionId` is empty"),
        ("send", {"webChatSessionId": "x", "text": ""}, "`text` is empty"),
        ("send", {"webChatSessionId": "x", "text": "y" * 4001}, "`text` is longer than 4000 characters"),
        ("send", UNSET, "the body is not JSON"),
    ],
)
def test_w1_says_what_is_wrong_with_a_body(operation: Operation, body: Any, problem: str) -> None:
    verdict = sent(operation, body).judged().of("W1")
    assert verdict.status == "violated"
    assert verdict.message == f"the body of a {operation} is invalid: {problem}"


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
def test_w1_wants_a_json_media_type(media_type: str | None) -> None:
    verdict = sent("send", {"webChatSessionId": "x", "text": "y"}, media_type).judged().of("W1")
    assert verdict.message.endswith(f"the media type is {media_type!r}, not application/json")


def test_w1_asks_for_no_media_type_where_there_is_no_body() -> None:
    assert sent("create", media_type=None, size=0).status("W1") == "held"
    assert sent("send", media_type=None, size=0).judged().of("W1").message.endswith("the body is empty")


def test_w1_cannot_judge_a_body_that_was_recorded_in_part() -> None:
    assert sent("send", size=1 << 20, truncated=True, text='{"webCh').status("W1") == "held"


def test_w1_goes_by_the_policys_longest_text() -> None:
    tape = Tape(max_text=5)
    tape.leave("send", bearer("t:1"), {"webChatSessionId": "x", "text": "123456"})
    assert tape.status("W1") == "violated"


def after_change(**policy: Any) -> Tape:
    """A journal of a mock, whose header has the policy at its end."""
    tape = Tape(**policy)
    tape.entries[0] = Header(organization="o", policy=policy)
    return tape


def test_w1_goes_by_the_policy_that_held_when_a_text_came() -> None:
    tape = after_change(max_text=5)
    tape.send(tape.create(), "long enough")
    tape.perturb("set_policy", max_text=3)
    tape.send(tape.create(), "abc")
    tape.perturb("set_policy", max_text=5)
    tape.send(tape.create(), "abcde")
    assert tape.status("W1") == "held"
    tape.perturb("set_policy", max_text=3)
    tape.perturb("set_policy", max_text=5)
    tape.send(tape.create(), "abcdef")
    assert tape.judged().of("W1").message.endswith("`text` is longer than 5 characters")
    assert tape.status("W1") == "violated"


def test_w1_goes_by_the_first_policy_of_a_header_that_was_written_first() -> None:
    tape = Tape(max_text=3)
    tape.leave("send", bearer("t:1"), {"webChatSessionId": "x", "text": "abcd"})
    tape.perturb("set_policy", max_text=5)
    assert tape.status("W1") == "violated"


@pytest.mark.parametrize(
    ("answer", "status"),
    [({}, "held"), (DEAD, "held"), (SCOPE, "inconclusive"), (LOST_REQUEST, "inconclusive"), ({"status": 400}, "violated")],
)
def test_w1_does_not_guess_the_policy_before_a_change(answer: dict[str, Any], status: str) -> None:
    tape = after_change(max_text=3)
    tape.send(tape.create(), "a long text", **answer)
    tape.perturb("set_policy", max_text=3)
    verdict = tape.judged().of("W1")
    assert verdict.status == status
    assert ("the trace does not have the one that held then" in verdict.message) == (status == "inconclusive")


@pytest.mark.parametrize(("former", "status"), [(5, "violated"), (6, "held")])
def test_w1_goes_by_the_value_that_a_change_says_it_replaced(former: int, status: str) -> None:
    tape = after_change(max_text=3)
    tape.send(tape.create(), "abcdef", **SCOPE)
    tape.perturb("set_policy", {"max_text": former}, max_text=9)
    tape.send(tape.create(), "nine long")
    tape.perturb("set_policy", {"max_text": 9}, max_text=3)
    assert tape.status("W1") == status


def test_w1_leaves_open_which_policy_held_for_a_request_that_a_change_overtook() -> None:
    tape = after_change(max_text=3)
    tape.perturb("set_policy", max_text=3)
    context = tape.leave_send(tape.create(), "abcd")
    tape.perturb("set_policy", max_text=5)
    tape.answer(context)
    assert tape.status("W1") == "held"


@pytest.mark.parametrize(("fault", "status"), [(None, "violated"), ("status 400", "held")])
def test_w1_believes_a_platform_that_refuses_a_body_unless_a_fault_did(fault: str | None, status: str) -> None:
    tape = Tape()
    tape.create(status=400, fault=fault)
    assert tape.status("W1") == status


def test_w1_is_not_about_token_requests() -> None:
    tape = Tape()
    tape.token(status=400)
    assert tape.status("W1") == "not_exercised"


def test_w1_explains_a_message_that_was_not_delivered() -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    tape.send(tape.create(), "", status=400)
    tape.end("failed")
    assert tape.roots() == ["W1"]


DOCUMENTS = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "webChatSessionId": st.one_of(st.text(max_size=3), st.none(), st.integers()),
            "text": st.one_of(st.text(max_size=3), st.just("x" * 4000), st.just("x" * 4001), st.booleans()),
            "guest": st.one_of(
                st.none(),
                st.fixed_dictionaries(
                    {}, optional={name: st.one_of(st.text(max_size=3), st.none(), st.just("x" * 255)) for name in GUEST}
                ),
            ),
        },
    ),
    st.none(),
    st.lists(st.integers(), max_size=1),
    st.text(max_size=2),
)


OPERATIONS: list[Operation] = ["create", "send"]
MEDIA_TYPES = ["application/json", "application/json; charset=utf-8", "text/plain"]


@given(st.sampled_from(OPERATIONS), DOCUMENTS, st.sampled_from(MEDIA_TYPES))
def test_the_judges_description_of_bodies_agrees_with_the_mocks(operation: Operation, body: Any, media_type: str) -> None:
    handler, token = signed_in()
    raw = msgspec.json.encode(body)
    arrival = Arrival(1, 0, "c", "POST", PATHS[operation], operation, bearer("t:1"), media_type, len(raw), body)
    request = Request(
        method="POST", path=PATHS[operation], authorization=token, content_type=media_type, body=raw, size=len(raw)
    )
    assert bool(shapes.problem(arrival, 4000)) == (handler.handle(request).status in {400, 415})


@cache
def signed_in() -> tuple[Handler, str]:
    """A mock, and the Authorization header of a client it knows."""
    handler = assemble(Settings(client_id="judge", client_secret="the secret of a test")).handler
    form = urlencode(
        {"grant_type": "client_credentials", "client_id": "judge", "client_secret": "the secret of a test"}
    ).encode()
    answer = handler.handle(Request(method="POST", path=PATHS["token"], content_type=FORM, body=form, size=len(form)))
    return handler, f"Bearer {msgspec.json.decode(answer.body)['access_token']}"


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/webchat/sessions", 404), ("GET", PATHS["create"], 405)])
def test_w2_names_what_does_not_exist(method: str, path: str, status: int) -> None:
    tape = Tape()
    tape.answer(tape.leave(None, bearer("t:1"), path=path, method=method), status)
    assert tape.judged().of("W2").message == f"{method} {path!r} is not an operation of the platform"


def test_w2_knows_another_method_of_an_operation_by_its_answer() -> None:
    tape = Tape()
    tape.answer(tape.leave("create", bearer("t:1"), method="PUT"), 405)
    judgement = tape.judged()
    assert judgement.of("W2").status == "violated"
    assert judgement.of("W1").status == "not_exercised"


def test_w2_lets_the_platforms_own_description_be_read() -> None:
    tape = Tape()
    tape.answer(tape.leave(None, ShownCredential("none"), path="/openapi.json", method="GET"), 200, reason="document")
    assert tape.status("W2") == "held"


def test_w2_is_not_fooled_by_a_fault() -> None:
    tape = Tape()
    tape.create(status=404, fault="status 404")
    assert tape.status("W2") == "held"
