"""Pages for everybody: with a keyboard, with a reader, in the dark, in a narrow window, and only for whoever may see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.functional.browser.conftest import NewVisitor
from tests.functional.browser.visiting import CONSOLE, Visitor
from tests.functional.serving import Serving

pytestmark = pytest.mark.slow

TOKEN = "a-token-for-tests"

PLACES = [
    "",
    "/requests",
    "/requests/{refused}",
    "/requests/{accepted}",
    "/sessions",
    "/sessions/{session}",
    "/faults",
    "/access",
]


@pytest.fixture
def busy(visitor: Visitor) -> dict[str, str]:
    """Return the pages of an organisation with something of everything in it."""
    session = visitor.session("Ann Author-of-Very-Long-Names" * 6)
    accepted = visitor.client.send(session, "word" * 100).headers["inin-correlation-id"]
    refused = visitor.client.send(session).headers["inin-correlation-id"]
    visitor.client.create()
    visitor.control("faults", kind="latency", seconds=1, operation="send")
    visitor.client.http.get("/api/v2/nowhere")
    return {"session": session, "accepted": accepted, "refused": refused}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_say(visitor: Visitor, busy: dict[str, str], scheme: str) -> None:
    visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    for place in ("/nowhere", *PLACES, None):
        if place is None:
            visitor.page.goto(visitor.root)
        else:
            visitor.open(place.format(**busy))
        assert findings(visitor.page, contrast_alone=scheme == "dark") == [], place


def findings(page: Page, *, contrast_alone: bool = False) -> list[str]:
    """Return the checker's findings on a page with their places. A dark page differs only in its colours."""
    wanted = {"runOnly": ["color-contrast"]} if contrast_alone else {}
    found = Axe().run(page, options={"resultTypes": ["violations"], **wanted}).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:200]}" for rule in found for node in rule["nodes"]]


def test_nothing_is_wider_than_a_narrow_window(visitor: Visitor, busy: dict[str, str]) -> None:
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    for place in PLACES:
        page = visitor.open(place.format(**busy))
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, place


def test_everything_is_reached_with_the_keyboard(visitor: Visitor, busy: dict[str, str]) -> None:
    page = visitor.open("/requests")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    reach(page, "select#reason")
    page.keyboard.type("session.consumed")
    reach(page, ".filter button")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(1)
    reach(page, "#rows a")
    page.keyboard.press("Enter")
    expect(page.locator(".guards .refused")).to_be_visible()
    reach(page, "#clock-freeze")
    page.keyboard.press("Space")
    expect(page.locator(".mode")).to_have_text("frozen")
    expect(page.locator("#face :focus")).to_have_text("Resume")
    reach(page, ".more summary")
    page.keyboard.press("Enter")
    reach(page, "#by")
    page.keyboard.type("1 h")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The clock was advanced.")).to_be_visible()


def reach(page: Page, selector: str) -> None:
    """Presses Tab until what is looked for has the focus, and can be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{selector} is not reached")


@pytest.fixture(scope="module")
def guarded(browser: Browser) -> Iterator[Serving]:
    with Serving("--admin-token", TOKEN) as serving:
        yield serving


class TestWithToken:
    @pytest.fixture
    def asked(self, page: Page, guarded: Serving) -> Page:
        """A page that asks who is there, on the way to the requests."""
        page.goto(f"{guarded.url}{CONSOLE}/organizations/default/requests?status=403")
        return page

    def test_it_is_asked_for_once(self, asked: Page) -> None:
        expect(asked.get_by_label("Control token")).to_be_focused()
        assert findings(asked) == []
        asked.keyboard.type("not it")
        asked.keyboard.press("Enter")
        expect(asked.get_by_role("alert")).to_have_text("That is not this server's token.")
        asked.get_by_label("Control token").fill(TOKEN)
        asked.keyboard.press("Enter")
        expect(asked.get_by_role("heading", name="Requests")).to_be_visible()
        assert asked.url.endswith("/requests?status=403")
        expect(asked.locator("#link")).to_have_text("live")
        asked.get_by_role("link", name="Faults").click()
        asked.get_by_role("button", name="Add the fault").click()
        expect(asked.locator(".faults tbody tr")).to_have_count(1)
        (cookie,) = asked.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", CONSOLE)
        assert TOKEN not in cookie["value"]
        asked.get_by_role("button", name="Sign out").click()
        expect(asked.get_by_text("You are signed out.")).to_be_visible()
        asked.go_back()
        expect(asked.get_by_label("Control token")).to_be_visible()

    def test_whoever_is_signed_out_meanwhile_is_told_and_comes_back(self, asked: Page) -> None:
        asked.get_by_label("Control token").fill(TOKEN)
        asked.keyboard.press("Enter")
        expect(asked.locator("#link")).to_have_text("live")
        (cookie,) = asked.context.cookies()
        asked.context.add_cookies([{**cookie, "value": "IjEi.old.sign-in"}])  # type: ignore[typeddict-item]
        asked.get_by_role("button", name="Advance the clock by 1 s").click()
        expect(asked.get_by_text("You are no longer signed in")).to_be_visible()
        asked.get_by_label("Control token").fill(TOKEN)
        asked.keyboard.press("Enter")
        expect(asked.get_by_role("heading", name="Requests")).to_be_visible()


def test_without_scripts_everything_is_there_but_what_is_live(browser: Browser, new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.client.login()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{visitor.address}/sessions")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("The clock is frozen.")).to_be_visible()
    assert page.url.startswith(f"{visitor.address}/sessions")
    session = visitor.session("Ann")
    page.goto(f"{visitor.address}/sessions/{session}")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", name="revoked")).to_be_visible()
    page.goto(f"{visitor.address}/faults")
    page.get_by_role("button", name="Add the fault").click()
    expect(page.get_by_text("The fault was added")).to_be_visible()
    context.close()
