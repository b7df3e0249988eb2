"""Running stories: expected and actual answers, also on a provider without a control API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from contracts.errors import ProbeError
from contracts.platform_requests import ClientCredentials
from contracts.remote.web import Web
from contracts.scenario import Advance
from contracts.stories import library
from contracts.stories.codec import decode
from contracts.stories.model import Create, CreateClient, Expected, Request, Send, SetPolicy, Story, Token
from contracts.stories.run import StoryResult, as_json, run
from contracts.stories.stage import InProcessStage, RemoteMock, Service, StoryPlace, StoryStage, client_of
from contracts.stories.words import Got
from mockserver.assemble import assemble
from mockserver.inprocess import Transport
from mockserver.settings import Settings

LOGIN = Token(save="token")
SESSION = Create(save="session")
USED = Send(session="$session", text="again", expect=Expected(403, "not.authorized", "session.consumed"))


@pytest.fixture(scope="module")
def place() -> Iterator[InProcessStage]:
    place = InProcessStage()
    yield place
    place.close()


class Elsewhere(StoryPlace):
    """A provider without control, in this process; what is waited is counted."""

    name, has_control = "elsewhere", False

    def __init__(self, settings: Settings | None = None) -> None:
        self.assembly, self.waited = assemble(settings), 0.0

    @contextmanager
    def stage(self, _story: Story) -> Iterator[StoryStage]:
        given = ClientCredentials(self.assembly.settings.client_id, self.assembly.settings.client_secret)
        web = Web("https://platform.invalid", transport=Transport(self.assembly.handler))
        yield StoryStage(web, client_of(given), in_process=True, wait=self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds

    def close(self) -> None:
        self.assembly.close()


def story(*steps: object, **fields: object) -> Story:
    return Story(title="Mine", steps=steps, **fields)  # type: ignore[arg-type]


def last(told: StoryResult) -> str:
    return f"{told.outcome} {len(told.steps)}"


def test_a_story_that_comes_out_as_it_says(place: InProcessStage) -> None:
    told = run(story(LOGIN, SESSION, Send(session="$session", text="hello"), USED), place)
    assert told.outcome == "as expected"
    assert [result.got.status for result in told.steps if result.got] == [200, 200, 200, 403]
    assert told.requests == 4


@pytest.mark.parametrize(
    "expected",
    [
        Expected(200),
        Expected("none"),
        Expected(403, "app.not.authorized.for.scope"),
        Expected(403, reason="session.idle"),
        Expected(403, reason="session.consumed", retry_after=1),
    ],
)
def test_it_ends_at_the_first_answer_that_is_not_expected(place: InProcessStage, expected: Expected) -> None:
    again = Send(session="$session", text="again", expect=expected)
    told = run(story(LOGIN, SESSION, Send(session="$session", text="hello"), again, LOGIN), place)
    assert last(told) == "different 4"
    assert told.steps[-1].got is not None
    assert told.steps[-1].got.reason == "session.consumed"


def test_a_request_is_repeated_until_one_is_answered_otherwise(place: InProcessStage) -> None:
    told = run(story(LOGIN, Create(times=5), policy={"rate_limit_per_minute": 3}), place)
    assert (told.outcome, told.steps[-1].asked) == ("different", 4)
    assert run(story(LOGIN, Create(times=3), policy={"rate_limit_per_minute": 3}), place).requests == 4


def test_the_policy_is_dayflys_own_but_for_what_the_story_says() -> None:
    with assemble(Settings.load(None, {"DAYFLY_POLICY_HANDSHAKES": "5"})) as parts:
        told = run(story(LOGIN, SESSION, Send(session="$session", text="hello"), USED), InProcessStage(parts))
    assert told.outcome == "as expected"


def test_only_the_journal_tells_a_foreign_id_from_an_unknown_one(place: InProcessStage) -> None:
    def by_another(reason: str) -> Story:
        send = Send(token="$his", session="$session", text="hi", expect=Expected(403, reason=reason))
        return story(LOGIN, SESSION, CreateClient(save="other"), Token(client="$other", save="his"), send)

    assert run(by_another("session.foreign"), place).outcome == "as expected"
    assert run(by_another("session.unknown"), place).outcome == "different"
    elsewhere = story(LOGIN, Send(session="x", text="hi", expect=Expected(403, reason="session.foreign")))
    assert run(elsewhere, Elsewhere()).outcome == "as expected"  # it is told so, and that is all that can be seen there


def test_a_provider_that_tells_no_reasons_is_judged_by_status_and_code() -> None:
    used = story(LOGIN, SESSION, Send(session="$session", text="hello"), USED)
    assert run(used, Elsewhere(Settings(opaque=True))).outcome == "as expected"
    wrong = story(LOGIN, SESSION, Send(session="$session", text="x"), Send(session="$session", text="x", expect=Expected(401)))
    assert run(wrong, Elsewhere(Settings(opaque=True))).outcome == "different"


def test_what_needs_control_is_skipped_where_there_is_none() -> None:
    elsewhere = Elsewhere()
    assert "needs a control API" in run(story(LOGIN, SetPolicy(policy={"ttl": 1.0})), elsewhere).why
    assert "sets the policy (ttl)" in run(story(LOGIN, policy={"ttl": 1}), elsewhere).why
    assert elsewhere.assembly.store.entries("00000000", 0, 1) == []


def test_a_wait_is_real_there_and_bounded() -> None:
    elsewhere = Elsewhere()
    waits = story(LOGIN, Advance(20), Advance(25), SESSION)
    assert run(waits, elsewhere).why == "it waits for 45 s; --wait 45 allows that"
    assert (run(waits, elsewhere, 45).outcome, elsewhere.waited) == ("as expected", 45)


def test_a_step_whose_name_was_never_filled_says_so(place: InProcessStage) -> None:
    lost = story(Token(secret="a wrong one", save="token", expect=Expected(401)), Create())
    with pytest.raises(ProbeError, match=r"\$token: was not saved"):
        run(lost, place)


def test_requests_go_out_as_they_are_written(place: InProcessStage) -> None:
    path = "/api/v2/conversations/messaging/external/guests/sendmessage"
    texts = story(
        LOGIN,
        SESSION,
        Request(
            path=f"{path}?a=b c&é=👋", authorization="$token", json={"webChatSessionId": "$session", "text": "$$session \u2028"}
        ),
        Request(path="//double/ü%2F", method="PATCH", content_type=None, text="\u2028", expect=Expected(404)),
        Request(path=path, authorization="$client", expect=Expected(401, reason="auth.malformed")),
        Request(path=path, authorization="$token", json=None, fill=11, expect=Expected(400, reason="body.not-object")),
    )
    assert run(texts, place).outcome == "as expected", run(texts, place)


@pytest.mark.parametrize("name", library.names())
def test_every_story_that_comes_with_dayfly_is_as_it_says(place: InProcessStage, name: str) -> None:
    found = library.find(name)
    told = run(found, place)
    assert told.outcome == "as expected", as_json(name, found, told)
    assert found.summary.count(". ") >= 1
    assert decode(library.raw(name), name) == found


def test_nobody_there_and_no_url_are_said_so() -> None:
    for url in ("http://127.0.0.1:1", "nonsense", "http://", "ftp://127.0.0.1"):
        with pytest.raises(ProbeError):
            run(story(LOGIN), RemoteMock(url))
        with pytest.raises(ProbeError):
            run(story(LOGIN), Service(url, client_of(ClientCredentials("id", "secret"))))


def test_organisations_are_gone_afterwards(place: InProcessStage) -> None:
    run(story(LOGIN), place)
    assert list(place.assembly.store.organizations()) == ["00000000"]


def test_an_answer_is_told_in_words() -> None:
    assert f"{Got(404, 'token_unknown', 'reset.foreign')}" == "404 reset.foreign"
