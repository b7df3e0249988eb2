"""The journal in a browser: live, complete, and never markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from mockserver.web.console.live import SOON
from mockserver.web.streaming import MAX_FOLLOWERS
from tests.functional.browser.conftest import NewVisitor
from tests.functional.browser.relay import Relay
from tests.functional.browser.visiting import Visitor
from tests.functional.serving import Serving
from tests.functional.talking import CREATE

pytestmark = pytest.mark.slow

HOSTILE = [
    "<script>document.title = 'taken'</script>",
    '"><img src=x onerror="document.title=\'taken\'">',
    "{{ 7 * 7 }} ${7 * 7} {% raw %}",
    "javascript:alert(1)",
]


@pytest.fixture
def relay(serving: Serving) -> Iterator[Relay]:
    with Relay(serving.url) as relay:
        yield relay


def test_a_request_turns_up_by_itself_with_its_reason(visitor: Visitor, complaints: list[str]) -> None:
    page = visitor.open("/requests")
    expect(page.locator("#link")).to_have_text("live")
    session = visitor.session("Ann")
    visitor.client.send(session)
    refused = visitor.client.send(session, "once more").headers["inin-correlation-id"]
    row = visitor.row(refused)
    expect(row).to_contain_text("403 session.consumed")
    expect(row).to_contain_text("Ann guest@example.com")
    expect(row).to_contain_text("once more")
    assert visitor.listed() == visitor.journalled()
    assert complaints == []


def test_one_that_waits_for_its_answer_is_shown(visitor: Visitor) -> None:
    visitor.control("faults", kind="latency", seconds=3600, operation="send")
    page = visitor.open("/requests")
    session = visitor.session("Ann")
    with httpx.Client(headers=visitor.client.http.headers) as impatient, pytest.raises(httpx.ReadTimeout):
        impatient.post(
            f"{visitor.credentials['url']}/api/v2/conversations/messaging/external/guests/sendmessage",
            json={"webChatSessionId": session, "text": "slow"},
            timeout=0.3,
        )
    page.reload()
    expect(page.locator("#rows tr").first).to_contain_text("no answer yet")
    visitor.greet("Bob")
    expect(page.locator("#rows tr")).to_have_count(5)


def test_what_is_told_twice_is_shown_once(visitor: Visitor) -> None:
    def from_the_beginning(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r'data-after="\d+"', 'data-after="0"', answer.text()))

    visitor.greet("Ann")
    visitor.page.route("**/requests", from_the_beginning)
    page = visitor.open("/requests")
    expect(page.locator("#link")).to_have_text("live")
    sent = visitor.greet("Bob")
    expect(visitor.row(sent)).to_be_visible()
    assert visitor.listed() == visitor.journalled()


def test_a_filter_holds_for_what_comes_too(visitor: Visitor) -> None:
    visitor.greet("Ann", "before")
    page = visitor.open("/requests")
    page.get_by_label("Guest").fill("ann")
    page.get_by_label("Operation").select_option("send")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile("guest=ann"))
    visitor.greet("Bob", "not wanted")
    wanted = visitor.greet("Joanna", "after")
    expect(visitor.row(wanted)).to_contain_text("after")
    expect(page.locator("#rows tr")).to_have_count(2)
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#rows tr")).to_have_count(7)


def test_a_filter_that_makes_no_sense_says_what_would(visitor: Visitor) -> None:
    page = visitor.open("/requests?status=forbidden")
    expect(page.get_by_text("three digits, such as 403")).to_be_visible()


def test_pages_lead_to_the_oldest_request_and_back(visitor: Visitor) -> None:
    for number in range(110):
        visitor.client.send("{{id}}", f"message {number}")
    journalled = visitor.journalled()
    page = visitor.open("/requests")
    seen = visitor.listed()
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#rows tr")).to_have_count(11)
    assert seen + visitor.listed() == journalled
    expect(page.get_by_role("link", name="Older")).to_be_hidden()
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("#rows tr")).to_have_count(100)
    assert visitor.listed() == seen


def test_a_page_keeps_the_newest_rows_and_a_link_to_the_rest(visitor: Visitor) -> None:
    page = visitor.open("/requests")
    expect(page.locator("#link")).to_have_text("live")
    for number in range(220):
        visitor.client.send("{{id}}", f"message {number}")
    journalled = visitor.journalled()
    expect(visitor.row(journalled[0])).to_be_visible()
    assert visitor.listed() == journalled[:200]
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#rows tr")).to_have_count(21)
    assert visitor.listed() == journalled[200:]


def test_what_a_client_sends_is_text(visitor: Visitor, complaints: list[str]) -> None:
    page = visitor.open("/requests")
    sent = {visitor.greet(words, words): words for words in HOSTILE}
    for context_id, words in sent.items():
        expect(visitor.row(context_id).locator(".name")).to_have_text(words)
        expect(visitor.row(context_id).locator(".text")).to_have_text(words)
    for path in ("/sessions", "/requests", *(f"/requests/{context_id}" for context_id in sent)):
        visitor.open(path)
        words = sent.get(path.rpartition("/")[2], HOSTILE[0])
        expect(page.locator("main")).to_contain_text(words)
        expect(page).not_to_have_title("taken")
        assert page.locator("main script, main img").count() == 0
    assert complaints == []


def test_what_would_hide_or_turn_text_is_seen_and_long_text_does_no_harm(visitor: Visitor) -> None:
    page = visitor.open("/requests")
    sent = visitor.greet("\u202emoc.elpmaxe\u202c", "😀" * 4000)
    row = visitor.row(sent)
    expect(row.locator(".name")).to_have_text(r"\u202emoc.elpmaxe\u202c")
    expect(row.locator(".text")).to_have_text("😀" * 200)
    box = row.bounding_box()
    assert box is not None
    assert box["height"] < 60
    visitor.open(f"/requests/{sent}")
    expect(page.locator("pre").first).to_contain_text("😀" * 4000)


def test_a_lost_stream_leaves_no_gap_and_brings_nothing_twice(new_visitor: NewVisitor, relay: Relay) -> None:
    visitor = new_visitor(seen_at=relay.url)
    visitor.client.login()
    page = visitor.open("/requests")
    expect(page.locator("#link")).to_have_text("live")
    for number in range(3):
        before = visitor.greet("Ann", f"before {number}")
        expect(visitor.row(before)).to_be_visible()
        relay.cut()
        expect(page.locator("#link")).to_have_text("connecting…")
        missed = [visitor.greet("Bob", f"while it was lost {number}") for _ in range(3)]
        relay.mend()
        after = visitor.greet("Chidi", f"after {number}")
        expect(visitor.row(after)).to_be_visible()
        assert set(missed) < set(visitor.listed())
        assert visitor.listed() == visitor.journalled()
    expect(page.locator("#link")).to_have_text("live")


def test_it_waits_while_paused_and_has_all_afterwards(visitor: Visitor) -> None:
    page = visitor.open("/requests")
    expect(page.locator("#link")).to_have_text("live")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#link")).to_have_text("paused")
    sent = visitor.greet("Ann")
    seen_meanwhile = page.context.new_page()
    seen_meanwhile.goto(visitor.address + "/requests")
    expect(seen_meanwhile.locator(f"#r-{sent}")).to_be_visible()
    expect(visitor.row(sent)).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(visitor.row(sent)).to_be_visible()
    assert visitor.listed() == visitor.journalled()


def test_going_to_a_request_and_back_loses_nothing(visitor: Visitor) -> None:
    first = visitor.greet("Ann")
    page = visitor.open("/requests")
    visitor.row(first).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="message.accepted")).to_be_visible()
    while_away = visitor.greet("Bob")
    page.go_back()
    expect(visitor.row(while_away)).to_be_visible()
    afterwards = visitor.greet("Chidi")
    expect(visitor.row(afterwards)).to_be_visible()
    page.reload()
    expect(visitor.row(afterwards)).to_be_visible()
    assert visitor.listed() == visitor.journalled()


def test_where_too_many_follow_it_looks_now_and_then(visitor: Visitor) -> None:
    with httpx.Client(timeout=None) as crowd, ExitStack() as streams:
        for _ in range(MAX_FOLLOWERS):
            streams.enter_context(_staying(crowd, f"{visitor.address}/events"))
        page = visitor.open("/requests")
        expect(page.locator("#link")).to_contain_text(f"looks every 2 s: {MAX_FOLLOWERS} windows are live already")
        sent = visitor.greet("Ann")
        expect(visitor.row(sent)).to_be_visible()
        assert visitor.listed() == visitor.journalled()
    expect(page.locator("#link")).to_have_text("live")


@contextmanager
def _staying(crowd: httpx.Client, address: str) -> Iterator[None]:
    """Hold a stream open.

    The number of streams is limited. The server notices a closed window only when it next sends to it. Until then there may be
    no room for this stream, which tries again.
    """
    for _ in range(10_000):
        with crowd.stream("GET", address) as stream:
            told = stream.iter_text()
            if f"retry: {SOON}" in next(told):
                yield
                return
    raise AssertionError("the server found no room for a stream")


def test_two_organisations_side_by_side_never_mix(new_visitor: NewVisitor) -> None:
    left, right = new_visitor(name="left"), new_visitor(name="right")
    for visitor in (left, right):
        visitor.client.login()
        visitor.open("/requests")
        expect(visitor.page.locator("#link")).to_have_text("live")
    in_left, in_right = left.greet("Ann"), right.greet("Bob")
    expect(left.row(in_left)).to_be_visible()
    expect(right.row(in_right)).to_be_visible()
    left.page.get_by_role("button", name="Advance the clock by 1 h").click()
    expect(left.page.get_by_text("The clock was advanced.")).to_be_visible()
    assert left.listed() == left.journalled()
    assert right.listed() == right.journalled()
    hours = [visitor.page.locator("#now .hour").inner_text()[:2] for visitor in (left, right)]
    assert hours[0] != hours[1]
    right.open(f"/requests/{in_left}")
    expect(right.page.get_by_role("heading", name="No such request")).to_be_visible()


def test_a_made_up_token_shows_up_by_itself_where_there_is_one_organisation(page: Page, complaints: list[str]) -> None:
    with Serving() as alone, httpx.Client(base_url=alone.url) as http:
        page.goto(f"{alone.url}/")
        page.goto(f"{alone.url}/__admin/console/organizations/default/requests")
        expect(page.locator("#link")).to_have_text("live")
        lost = http.post(CREATE, headers={"Authorization": "Bearer made-up"}).headers["inin-correlation-id"]
        expect(page.locator(f"#r-{lost}")).to_contain_text("401 auth.unknown")
        expect(page.locator("#strays-title")).to_have_text("1 request names no organisation")
        http.post("/__admin/organizations").raise_for_status()
        http.post(CREATE, headers={"Authorization": "Bearer made-up"})
        expect(page.locator("#strays .note")).to_contain_text("2 requests name no organisation")
        assert complaints == []
