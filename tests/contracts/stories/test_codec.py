"""Stories as data: they are read as they were written, and errors name their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.errors import ContractsError
from contracts.formats import MAX_BYTES
from contracts.scenario import (
    AcceptTokens,
    Advance,
    EndSessions,
    ExpireTokens,
    GrantScope,
    RejectTokens,
    RevokeScope,
    RevokeTokens,
)
from contracts.stories.codec import decode, encode, load
from contracts.stories.model import (
    Create,
    CreateClient,
    Expected,
    ExpireSession,
    Fault,
    Request,
    RevokeSession,
    Send,
    SetPolicy,
    SetScopes,
    Story,
    StoryError,
    Token,
)
from mockserver.journal import Guest

DEEP: list[Any] = []
for _ in range(101):
    DEEP = [DEEP]

TOKEN, CREATE = {"op": "token", "save": "token"}, {"op": "create", "save": "session"}


def document(*steps: Any, **fields: Any) -> bytes:
    return msgspec.json.encode({"version": 1, "title": "Mine", "steps": steps} | fields)


def refusal(raw: bytes) -> StoryError:
    with pytest.raises(StoryError) as caught:
        decode(raw, "mine.json")
    assert isinstance(caught.value, ContractsError)
    assert caught.value.source == "mine.json"
    return caught.value


EVERYTHING = Story(
    title='A "title" \u202e 👋',
    summary="Two sentences. Here is the second.",
    policy={"ttl": 60.0, "rate_limit_per_minute": None, "send_scopes": ["a", "b"]},
    notes=("a secret was left out",),
    steps=(
        CreateClient(save="other", scopes=()),
        Token(client="$other", save="another", form={"grant_type": "password"}, expect=Expected(400, "unsupported_grant_type")),
        Token(client="nobody", secret="a secret", expect=Expected(400)),
        Token(save="token", times=3),
        Create(token="$token", guest=Guest("Ann", "ann@example.com"), save="session"),
        Create(token=None, expect=Expected(401, reason="auth.missing")),
        Fault(operation="send", kind="status", status=429, retry_after=3),
        Send(session="$session", text="$session null 👋", expect=Expected(429, retry_after=3)),
        Send(session="$$session", text="", expect=Expected("none")),
        Request(path="/nowhere?a=b", method="GET", content_type=None, expect=Expected(404)),
        Request(
            path="/oauth/token", authorization="$client", json={"a": [None, "$session", 1.5]}, fill=100, expect=Expected(415)
        ),
        Request(path="/x", text="\u2028 not { json", expect=Expected("cut")),
        Advance(0.5),
        *(step() for step in (EndSessions, ExpireTokens, RevokeTokens, RejectTokens, AcceptTokens, RevokeScope, GrantScope)),
        SetPolicy(policy={"idle_timeout": 5.0}),
        SetScopes(client="$other", scopes=("webchat:session:write",)),
        ExpireSession(session="$session"),
        RevokeSession(session="an-id-as-it-is"),
    ),
)


def test_what_is_read_is_what_was_written() -> None:
    assert decode(encode(EVERYTHING)) == EVERYTHING
    assert encode(decode(encode(EVERYTHING))) == encode(EVERYTHING)


def test_a_file_says_its_version_first_and_leaves_out_what_goes_without_saying() -> None:
    written = encode(decode(document(TOKEN, CREATE, {"op": "send", "session": "$session", "text": "Hi"})))
    assert written.startswith(b'{\n  "version": 1,\n  "title": "Mine",')
    assert b"expect" not in written
    assert written.endswith(b"}\n")


@pytest.mark.parametrize(
    ("step", "place", "problem"),
    [
        ({"op": "send", "session": "$session", "text": "x", "token": None}, "session", "no step before has saved a session"),
        ({"op": "create"}, "token", "no step before has saved a token as `token`"),
        ({"op": "create", "token": "$client"}, "token", "no step before has saved a token as `client`"),
        ({"op": "token", "client": "$other"}, "client", "no step before has saved a client as `other`"),
        ({"op": "token", "client": "nobody"}, "secret", "is missing"),
        ({"op": "request", "path": "/x", "json": {"a": ["$session"]}}, "json", "saved a token or session as `session`"),
        ({"op": "request", "path": "/x", "authorization": "$nobody"}, "authorization", "saved a token or client"),
        ({"op": "request", "path": "/x", "json": 1, "text": "1"}, "", "two bodies"),
        ({"op": "request", "path": "/x", "text": "a\0b"}, "text", "NUL"),
        ({"op": "fault", "operation": "send", "kind": "status", "status": 200}, "", "from 400 to 599"),
        ({"op": "fault", "operation": "create", "kind": "opaque_403"}, "", "hits sends only"),
        ({"op": "set_policy", "policy": {"tll": 1}}, "policy", "is not known"),
        ({"op": "revoke_session", "session": "$session"}, "session", "no step before"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_its_place(step: Any, place: str, problem: str) -> None:
    refused = refusal(document({"op": "end_sessions"}, step))
    assert refused.place == f"$.steps[1]{f'.{place}' if place else ''}"
    assert problem in refused.problem


@pytest.mark.parametrize(
    ("raw", "place", "problem"),
    [
        (b"{", "$", "truncated"),
        (b"[]", "$", "Expected `object`"),
        (document(), "$.steps", "length >= 1"),
        (document({"op": "dance"}), "$.steps[0].op", "use one of token, create, send, request"),
        (document({"op": "token", "save": "My Token"}), "$.steps[0].save", "matching regex"),
        (document({"op": "token", "secret": "naïve"}), "$.steps[0].secret", "matching regex"),
        (document({"op": "token", "expect": {"status": "lost"}}), "$.steps[0].expect.status", "'lost'"),
        (document({"op": "token", "wait": 1}), "$.steps[0]", "unknown field `wait`; known are client"),
        (document({"op": "token", "saev": "t"}), "$.steps[0]", "unknown field `saev`; did you mean 'save'?"),
        (document({"op": "token", "wait": 1})[:-1], "$.steps[0]", "unknown field `wait`"),
        (document({"op": "token", "expect": {"op": []}}), "$.steps[0].expect", "unknown field `op`"),
        (document(TOKEN, title_="x"), "$", "unknown field `title_`; did you mean 'title'?"),
        (document(TOKEN, policy={"tll": 1}), "$.policy", "tll"),
        (document(TOKEN, version=2, new=1), "$.version", "2 is not known here"),
        (document(TOKEN, version=2), "$.version", "2 is not known here"),
        (b" " * (MAX_BYTES + 1), "$", "is this a story?"),
        (document({"op": "request", "path": "/x", "json": DEEP}), "$.steps[0].json", "more than 100 levels deep"),
    ],
)
def test_what_is_no_story_is_refused_with_its_place(raw: bytes, place: str, problem: str) -> None:
    refused = refusal(raw)
    assert (refused.place, problem in refused.problem) == (place, True), refused


def test_a_name_is_known_only_after_the_step_that_saves_it() -> None:
    assert refusal(document(CREATE, TOKEN)).place == "$.steps[0].token"
    decode(document(TOKEN, CREATE))


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="No such file"):
        load(tmp_path / "none.json")
    (tmp_path / "mine.json").write_bytes(encode(EVERYTHING))
    assert load(tmp_path / "mine.json") == EVERYTHING
