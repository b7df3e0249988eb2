"""A browser and a server for the tests of this package, and no longer: playwright's loop is in the way of other loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.functional.browser.visiting import Visitor
from tests.functional.serving import Serving
from tests.need import need

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
]

PATIENCE = 15_000
"""Milliseconds: what is awaited comes at once, unless the machine is busy with other things."""

NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = need("chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def serving(browser: Browser) -> Iterator[Serving]:
    with Serving() as serving:
        yield serving


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser as somebody has it who was never here. It may not say anything on its console."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def complaints(context: BrowserContext) -> list[str]:
    """The problems on a page's console: script errors, blocked content, failed loads."""
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    context.on("weberror", lambda error: said.append(str(error.error)))
    return said


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def new_visitor(context: BrowserContext, serving: Serving) -> Iterator[NewVisitor]:
    """Makes visitors, each with an organisation and a page of its own."""
    made: list[Visitor] = []

    def make(*, seen_at: str = "", name: str = "looked at", **policy: object) -> Visitor:
        made.append(Visitor(context.new_page(), serving.url, seen_at, name, **policy))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """One whose client has logged in."""
    visitor = new_visitor()
    visitor.client.login()
    return visitor
