"""Every refusal is reproduced by a smaller story on a fresh organisation, and no step of it can be left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.errors import ProbeError
from contracts.remote.control import ProbedOrganization
from contracts.replay.minimize import NotReproduced, distil
from contracts.scenario import Advance
from contracts.stories import library
from contracts.stories.codec import check
from contracts.stories.model import Call, Create, Request, Send, Story, StoryError, Token
from contracts.stories.run import run, tell
from contracts.stories.stage import InProcessStage
from mockserver.control import Tenant
from mockserver.engine.model import MESSAGES, SESSIONS, TOKENS, Reason
from mockserver.errors import NotFound
from mockserver.journal_queries import Exchange
from mockserver.settings import Settings
from tests.contracts.replay.minimize.lives import WRITE, Life, life

BEYOND = {
    Reason.TOKEN_ISSUED,
    Reason.SESSION_CREATED,
    Reason.CAPACITY,
    Reason.CAPACITY_BODIES,
    Reason.BUSY,
    Reason.STORE_UNAVAILABLE,
    Reason.STORE_CONTENDED,
    Reason.INTERNAL,
}


@pytest.fixture(scope="module")
def place() -> Iterator[InProcessStage]:
    place = InProcessStage()
    yield place
    place.close()


def reproduces(story: Story, exchange: Exchange, place: InProcessStage) -> bool:
    """Return whether the story runs as expected, and its last answer is that of the request."""
    last = story.steps[-1]
    assert isinstance(last, Call)
    told = run(story, place)
    assert told.outcome == "as expected", (story, told.steps[-1].got)
    got = told.steps[-1].got
    assert got is not None
    if exchange.method == "HEAD":
        return (got.status, got.reason) == (exchange.status, exchange.reason)
    if exchange.delivery != "complete":
        return (got.status, got.reason) == ("cut" if exchange.delivery == "truncated" else "none", exchange.reason)
    return (got.status, got.code) == (exchange.status, exchange.code) and got.reason == exchange.reason


def is_minimal(story: Story, place: InProcessStage) -> bool:
    """Return whether leaving out any step changes the last answer or makes the story impossible."""
    return not any(
        holds(replace(story, steps=story.steps[:n] + story.steps[n + 1 :]), place) for n in range(len(story.steps) - 1)
    )


def holds(story: Story, place: InProcessStage) -> bool:
    try:
        check(story)
        return run(story, place).outcome == "as expected"
    except (StoryError, ProbeError):
        return False


# -- every reason ----------------------------------------------------------------------------------------------------

TOLD = {name: story for name in library.names() if not isinstance((story := library.find(name)).steps[-1], Advance)}


@pytest.fixture(scope="module")
def refused(place: InProcessStage) -> dict[str, list[tuple[Story, Exchange]]]:
    """Return the stories made from every refused request of every story, by reason."""
    found: dict[str, list[tuple[Story, Exchange]]] = {}
    for story in TOLD.values():
        seen = Tenant(place.assembly, "ffffffff").requests.newest()
        with place.stage(story) as stage:
            assert isinstance(stage.control, ProbedOrganization)
            assert tell(story, stage).outcome == "as expected"
            for tenant, after in ((Tenant(place.assembly, stage.control.id), 0), (Tenant(place.assembly, "ffffffff"), seen)):
                for exchange in tenant.requests.find(after=after):
                    if exchange.status != 200 or exchange.delivery != "complete":
                        found.setdefault(exchange.reason or "", []).append((distil(tenant, exchange.context_id), exchange))
    return found


@pytest.mark.parametrize("reason", sorted(set(Reason) - BEYOND))
def test_each_reason_is_reproduced_by_a_smallest_story(
    reason: str, refused: dict[str, list[tuple[Story, Exchange]]], place: InProcessStage
) -> None:
    assert refused[reason]
    for story, exchange in refused[reason]:
        assert reproduces(story, exchange, place)
        assert is_minimal(story, place), story


def steps_to(acts: Life, reason: str) -> list[str]:
    """The names of the steps that lead to the latest request with this reason."""
    exchange = acts.tenant.requests.find(reason=reason)[0]
    return [str(step.__struct_config__.tag) for step in distil(acts.tenant, exchange.context_id).steps]


def test_a_used_session_takes_four_steps_whatever_else_happened() -> None:
    with life() as acts:
        for _ in range(3):
            acts.login()
            acts.create(0)
            acts.create(1)
        acts.tenant.clock.advance(5)
        acts.send(2, 1)
        acts.tenant.clock.advance(6 * 3600)
        acts.send(2, 0)
        assert steps_to(acts, "session.consumed") == ["token", "create", "send", "send"]


def test_an_idle_session_takes_the_idle_timeout_and_not_what_was_waited() -> None:
    with life({"idle_timeout": 7}) as acts:
        acts.login()
        acts.create()
        acts.tenant.clock.advance(123.456)
        acts.send()
        (exchange,) = acts.tenant.requests.find(reason="session.idle")
        story = distil(acts.tenant, exchange.context_id)
    assert story.policy == {}  # thirty seconds are too long for the usual policy as well
    assert [step.seconds for step in story.steps if isinstance(step, Advance)] == [30]


def test_the_story_says_what_the_journal_could_not_keep() -> None:
    with life() as acts:
        acts.login(secret="not-the-secret-at-all")
        acts.login()
        acts.raw(MESSAGES, b'{"webChatSessionId": "x", "text": "", "client_secret": "very-secret-indeed"}', "application/json")
        login, message = acts.refused()[1][1], acts.refused()[0][1]
        assert "secret" in distil(acts.tenant, login.context_id).notes[0]
        story = distil(acts.tenant, message.context_id)
    assert "[REDACTED]" in story.notes[0]
    assert isinstance(story.steps[-1], Request)
    assert "very-secret" not in str(story)


BODIES: list[tuple[str, bytes, str | None]] = [
    (MESSAGES, b'{"webChatSessionId": "x", "webChatSessionId": "y", "text": "a"}', "application/json"),
    (MESSAGES, b"\xff\xfe", "application/json"),
    (MESSAGES, b"nul \0 and \xe2\x80\xa8", "application/json"),
    (MESSAGES, b"", "application/json"),
    (MESSAGES, b'{"webChatSessionId": "x", "text": "' + b"a" * 70_000 + b'"}', "application/json; charset=utf-8"),
    (MESSAGES, b'{"text": "$session", "webChatSessionId": ["$token"]}', "application/json"),
    (SESSIONS, b'{"guest": {"name": "$(exit 9)`\\"", "email": 5}}', "application/json"),
    (SESSIONS, b"{}" + b" " * (1 << 20), "text/plain"),
    (SESSIONS, b"{}" + b" " * (1 << 20), "application/json"),
    (SESSIONS, b"[" * 200 + b"]" * 200, "application/json"),
    (SESSIONS, b"{}", None),
    (SESSIONS, b"{}", "application/json; charset=utf-16"),
    (TOKENS, b"grant_type=client_credentials&grant_type=client_credentials", "application/x-www-form-urlencoded"),
    (TOKENS, b"grant_type=%ff", "application/x-www-form-urlencoded"),
    (TOKENS, b'{"grant_type": "client_credentials"}', "application/json"),
    (TOKENS, b"grant_type=password&client_id=nobody&client_secret=a-secret", "application/x-www-form-urlencoded"),
]


@pytest.mark.parametrize(("path", "body", "media_type"), BODIES)
def test_bodies_of_every_kind_are_refused_again(path: str, body: bytes, media_type: str | None, place: InProcessStage) -> None:
    with life() as acts:
        acts.login()
        acts.raw(path, body, media_type)
        for tenant, exchange in acts.refused():
            assert reproduces(distil(tenant, exchange.context_id), exchange, place)
        assert acts.refused()


HEADERS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer null",
    "null",
    "Bearer {{token}}",
    "Bearer a b",
    "Basic eDp5",
    "Basic !",
    "Digest x",
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_every_kind_are_refused_again(header: str, place: InProcessStage) -> None:
    with life() as acts:
        acts.raw(SESSIONS, b"", None, Authorization=header)
        ((tenant, exchange),) = acts.refused()
        assert reproduces(distil(tenant, exchange.context_id), exchange, place)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "BREW"])
@pytest.mark.parametrize("path", [MESSAGES, "/nowhere/ü?a=b", "//"])
def test_routes_that_there_are_not_are_refused_again(method: str, path: str, place: InProcessStage) -> None:
    with life() as acts:
        acts.raw(path, b"{}", "application/json", method)
        ((tenant, exchange),) = acts.refused()
        assert reproduces(distil(tenant, exchange.context_id), exchange, place)


# -- what is left of it ----------------------------------------------------------------------------------------------


def test_what_has_left_the_journal_is_taken_from_the_records(place: InProcessStage) -> None:
    with life(settings=Settings(journal_entries=4)) as acts:
        acts.login()
        acts.create()
        acts.send()
        acts.create()
        acts.send(0)
        acts.send(0)
        exchange = acts.tenant.requests.find(reason="session.consumed")[0]
        story = distil(acts.tenant, exchange.context_id)
        assert reproduces(story, exchange, place)
        assert "usual ones" in story.notes[0]


@pytest.mark.parametrize("what", ["expire", "revoke"])
def test_what_cannot_be_told_any_more_is_told_in_the_usual_way(what: str, place: InProcessStage) -> None:
    with life(settings=Settings(journal_entries=2)) as acts:
        acts.login()
        acts.token_ends(what, 0)
        acts.create()
        exchange = acts.tenant.requests.find(status=401)[0]
        assert reproduces(distil(acts.tenant, exchange.context_id), exchange, place)


def test_what_was_not_refused_or_is_not_there_is_said_so() -> None:
    with life(settings=Settings(max_live_sessions=0)) as acts:
        acts.login()
        (accepted,) = acts.tenant.requests.find()
        with pytest.raises(NotReproduced, match="it was not refused"):
            distil(acts.tenant, accepted.context_id)
        acts.create()
        with pytest.raises(NotReproduced, match="limit of live sessions"):
            distil(acts.tenant, acts.tenant.requests.find()[0].context_id)
        with pytest.raises(NotFound):
            distil(acts.tenant, accepted.context_id[:-12] + "0" * 12)


def test_a_journal_of_ten_thousand_entries_is_no_more_work(place: InProcessStage) -> None:
    with life({"handshakes": 2}) as acts:
        acts.login()
        acts.hurry(2500)
        acts.send(1200)
        acts.send(1200)
        (exchange,) = acts.tenant.requests.find(reason="session.consumed")
        story = distil(acts.tenant, exchange.context_id)
    assert [type(step) for step in story.steps] == [Token, Create, Send, Send, Send]
    assert reproduces(story, exchange, place)


# -- any life --------------------------------------------------------------------------------------------------------

SMALL = st.integers(0, 3)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "handshakes": st.just(2),
        "token_idle_timeout": st.just(40),
        "max_tokens_per_client": st.just(2),
        "rate_limit_per_minute": st.just(4),
        "send_scopes": st.just([WRITE, "another"]),
        "retention": st.just(20),
        "idle_timeout": st.sampled_from([10, 1000]),
    },
)
FAULTS = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("status"), "status": st.sampled_from([429, 500, 504]), "after_acting": st.booleans()}
    ),
    st.sampled_from([{"kind": kind} for kind in ("lost_request", "lost_response", "truncated_body", "opaque_403")]),
    st.just({"kind": "latency", "seconds": 35}),
)
ACTS: list[st.SearchStrategy[Any]] = [
    st.tuples(st.just("login"), SMALL, st.sampled_from([None, None, WRITE])),
    st.tuples(st.just("create"), SMALL),
    st.tuples(st.just("create"), SMALL, st.sampled_from([{"guest": {"name": "Ann", "email": "a@example.com"}}, {"guest": 1}])),
    st.tuples(st.just("send"), SMALL, SMALL, st.sampled_from(["Hello", "", "x" * 4001])),
    st.tuples(st.just("send"), SMALL, SMALL),
    st.tuples(st.just("client")),
    st.tuples(st.just("token_ends"), st.sampled_from(["expire", "revoke"]), SMALL),
    st.tuples(st.just("session_ends"), st.sampled_from(["expire", "revoke"]), SMALL),
    st.tuples(st.just("advance"), st.sampled_from([0.001, 1, 29.999, 30, 61, 301, 90_000])),
    st.tuples(st.just("scope"), st.sampled_from(["grant_scope", "revoke_scope"]), st.sampled_from([WRITE, "another"])),
    st.tuples(st.just("reject"), st.booleans()),
    st.tuples(st.just("end_all")),
    st.tuples(st.just("policy"), POLICIES),
    st.tuples(st.just("fault"), FAULTS),
]


def act(acts: Life, what: str, *arguments: Any) -> None:
    tenant = acts.tenant
    match what, arguments:
        case "advance", (seconds,):
            tenant.clock.advance(seconds)
        case "scope", (change, scope):
            getattr(tenant, change)(scope)
        case "reject", (reject,):
            tenant.reject_tokens(reject)
        case "end_all", ():
            tenant.sessions.end_all()
        case "policy", (policy,):
            tenant.set_policy(policy)
        case "fault", (fault,):
            tenant.faults.append(fault)
        case _:
            getattr(acts, what)(*arguments)


@settings(max_examples=25)
@given(policy=POLICIES, history=st.lists(st.one_of(ACTS), max_size=25))
def test_whatever_was_refused_in_any_life_is_refused_again(policy: dict[str, Any], history: list[tuple[Any, ...]]) -> None:
    place = InProcessStage()
    with life(policy) as acts:
        acts.login()
        for what, *arguments in history:
            act(acts, what, *arguments)
        for tenant, exchange in acts.refused():
            assert reproduces(distil(tenant, exchange.context_id), exchange, place)
    place.close()
