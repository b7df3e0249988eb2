"""The site, built strictly: every link leads somewhere, every report's link too, and everybody can use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from posixpath import join, normpath
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from contracts.clauses import DEMANDS
from contracts.cli.group import COMMANDS
from contracts.pages import page_of
from mockserver.platform import names
from tests.functional.browser.test_everybody import findings
from tests.readmes import ROOT
from tests.site import build
from tests.site.documents import DOCUMENTS
from tests.site.generated import printed

pytestmark = pytest.mark.slow

KINDS_OF_PAGES = ["", "contracts/", "fixtures/public/record/", "clauses/S1/", "platforms/mcp/", "commands/verify/"]


class Quiet(SimpleHTTPRequestHandler):
    """A file server that logs nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class Anchors(HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = {""}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        self.links += [given["href"] or ""] if tag == "a" and "href" in given else []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    assert build.build(folder, build.all_pages()) == 0
    return folder


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_every_link_within_it_leads_to_a_page_and_a_place_on_it(site: Path) -> None:
    pages = {str(file.relative_to(site)): Anchors(file.read_text("utf-8")) for file in site.rglob("*.html")}
    assert len(pages) > 60
    wrong = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = normpath(join(name, "..", unquote(parts.path))) if parts.path else name
            file = target if (site / target).is_file() else normpath(join(target, "index.html"))
            found = (site / file).is_file() and (file not in pages or unquote(parts.fragment) in pages[file].ids)
            wrong += [] if found else [f"{name}: {link}"]
    assert wrong == []


def test_each_clause_platform_command_and_document_has_a_page(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports link to the pages of clauses, so their addresses must stay."""
    monkeypatch.setenv("DAYFLY_SITE", "https://docs.example")
    codes = [clause.code for clause in DEMANDS] + [code for name in names() for code in codes_of(name)]
    paths = [urlsplit(page_of(code)).path.strip("/") for code in codes]
    paths += [f"platforms/{name}" for name in names()] + [f"commands/{name}" for name in COMMANDS]
    assert [path for path in paths if not (site / path / "index.html").is_file()] == []


def codes_of(platform: str) -> list[str]:
    """Return the codes of the clauses for clients of a platform."""
    codes: list[str] = json.loads(printed("platform", "check", platform, "--json"))["clauses"]
    return codes


def test_language_models_get_every_page_as_markdown(site: Path) -> None:
    listed = [line.partition("](")[2].rstrip(")") for line in (site / "llms.txt").read_text("utf-8").splitlines()]
    linked = [link for link in listed if link]
    assert [link for link in linked if not (site / link).is_file()] == []
    assert {f"{name}.md" for name in build.all_pages()} == set(linked)
    assert len(linked) == len(set(linked)) > len(DOCUMENTS)
    full = (site / "llms-full.txt").read_text("utf-8")
    assert "S1 session-reused" in full
    assert "toctree" not in full


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert build.build(tmp_path / "site", {"index": "# One page\n\n[here](#there)\n"}) == 1
    assert "'there'" in capfd.readouterr().err


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(url: str, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    for path in KINDS_OF_PAGES:
        page.goto(url + path)
        assert findings(page, contrast_alone=scheme == "dark") == [], path


def test_it_loads_nothing_from_elsewhere_and_fits_a_narrow_window(url: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": 320, "height": 640})
    for path in KINDS_OF_PAGES:
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    assert [address for address in asked if not address.startswith((url, "data:"))] == []


def test_it_is_used_with_the_keyboard(url: str, page: Page) -> None:
    page.goto(url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.get_by_role("searchbox").or_(page.get_by_placeholder("Search")).first.focus()
    page.keyboard.type("badNonce")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="N1 not-from-refusal").last).to_be_visible()


def test_the_documents_it_is_made_of_are_all_there_are() -> None:
    documents = {str(path.relative_to(ROOT)) for path in ROOT.glob("*.md")}
    documents |= {f"{name}/README.md" for name in ("contracts", "fixtures", "mockserver", "mockserver/platforms", "tests")}
    assert documents <= set(DOCUMENTS)
