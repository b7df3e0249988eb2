"""The page: one file, complete without its script, and nothing in it is markup but what is ours."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from contracts.report.html import render
from contracts.report.markup import Markup, element, inside
from contracts.report.model import Report
from contracts.scenario import Scenario, Send
from mockserver.journal import Guest
from tests.contracts.report.stories import expected, hostile, noisy, raced, recorded, reported, reused
from tests.contracts.tape import Tape

REPORTS = [reused, raced, hostile, recorded, expected, noisy]
VOID = {"meta"}
EVIL = [
    "<script>alert(1)</script>",
    "</code></li></ol></section><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "</style><svg onload=alert(1)>",
    "<!--",
    "]]>&lt;&#60;script&#62;",
    "javascript:alert(1)",
]


class Page(HTMLParser):
    """The page as a browser would see it: `elements` with their attributes, `text` by the element around it."""

    def __init__(self, report: Report) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(render(report))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append((self._open[-1] if self._open else "", data))

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [found for _, found in self.elements if name in (found.get("class") or "").split()]

    @property
    def shown(self) -> str:
        return "".join(text for tag, text in self.text if tag not in {"style", "script"})


def tags(page: Page) -> list[tuple[str, frozenset[str]]]:
    return [(tag, frozenset(found)) for tag, found in page.elements]


def of_guest(name: str) -> Report:
    tape = Tape()
    tape.begin(name, name)
    tape.token()
    session = tape.create()
    tape.send(session, name)
    tape.send(session, name, status=403)
    tape.end("failed")
    report = reported(tape, "S1", Scenario((Send(Guest(name, name), name),)), output=f"{name}\n", file=f"{name}.json")
    return replace(report, target=name)


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_client_sends_is_text(evil: str) -> None:
    harmless, page = Page(of_guest("x")), Page(of_guest(evil))
    assert tags(page) == tags(harmless)
    assert page.shown.count(evil) >= 4
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("story", REPORTS)
def test_no_request_leaves_the_page(story: Callable[[], Report]) -> None:
    page = Page(story())
    loading = {"src", "srcset", "action", "data", "poster"}
    assert not [attributes for _, attributes in page.elements if loading & set(attributes)]
    links = [found["href"] for tag, found in page.elements if "href" in found]
    assert all(link is not None and link.startswith("#") for link in links)
    assets = "".join(text for tag, text in page.text if tag in {"style", "script"})
    assert not re.search(r"url\(|@import|\bimport\b|fetch|https?:", assets)


def test_the_policy_lets_in_its_own_style_and_script_alone() -> None:
    page = Page(reused())
    (policy,) = [found["content"] for tag, found in page.elements if found.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    own = {tag: b64encode(sha256(text.encode()).digest()).decode() for tag, text in page.text if tag in {"style", "script"}}
    assert parts == {
        "default-src": "'none'",
        "style-src": f"'sha256-{own['style']}'",
        "script-src": f"'sha256-{own['script']}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("story", REPORTS)
def test_it_can_be_read_without_its_script(story: Callable[[], Report]) -> None:
    page, report = Page(story()), story()
    for result in report.violated:
        assert result.counterexample is not None
        assert f"{result.code} {result.name}" in page.shown
        assert ("section", result.code) in [(tag, found.get("aria-labelledby")) for tag, found in page.elements]
        assert f"dayfly explain {result.code}" in page.shown
    assert "The client must" in page.shown


def test_links_and_labels_lead_somewhere() -> None:
    page = Page(reused())
    ids = [found["id"] for _, found in page.elements if "id" in found]
    assert len(ids) == len(set(ids))
    named = {found["href"] for _, found in page.elements if found.get("href")}
    labels = {found["aria-labelledby"] for _, found in page.elements if found.get("aria-labelledby")}
    assert {str(name).removeprefix("#") for name in named} | labels <= set(ids)


def test_lines_that_clash_are_marked_in_words_and_can_be_reached_by_keys() -> None:
    page = Page(reused())
    clashes = page.of_class("clash")
    assert [found["tabindex"] for found in clashes] == ["-1", "-1"]
    assert [text for tag, text in page.text if tag == "strong"][-2:] == ["first use", "used again"]


def test_overlapping_requests_have_lanes() -> None:
    page = Page(raced())
    assert len(page.of_class("opens")) == len(page.of_class("closes")) == 4
    assert page.of_class("through")
    rows, lanes = page.of_class("lanes"), page.of_class("lane")
    assert len(lanes) == 2 * len(rows)
    assert {found["aria-hidden"] for found in rows} == {"true"}
    assert "… answer to 2" in page.shown


def test_perturbations_and_waits_are_told_in_words() -> None:
    page = Page(raced())
    assert page.of_class("world")
    assert page.of_class("wait")
    assert "the world: end_sessions(count=1)" in page.shown
    assert "waiting: the client waited 1 s" in page.shown


def test_minimality_is_claimed_only_where_it_was_checked() -> None:
    page = Page(reused())
    notes = [text for tag, text in page.text if tag in {"dt", "dd"}]
    assert notes[notes.index("Minimal") + 1] == "Without any one of these steps the client passes (checked)."
    assert ("dt", "Minimal") not in Page(raced()).text


def test_a_provider_is_told_of_as_one() -> None:
    (result,) = reused().violated
    page = Page(replace(reused(), subject="provider", clauses=(replace(result, code="P2"),)))
    assert "The provider must" in page.shown
    assert "What the provider was asked" in page.shown
    assert "at-most-once" not in page.shown


def test_what_does_not_print_is_escaped() -> None:
    shown = Page(hostile()).shown
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    assert r"\u202etxt.exe" in shown


def test_a_report_in_which_all_is_well_says_so() -> None:
    report = reused()
    held = replace(report, clauses=tuple(result for result in report.clauses if result not in report.violated))
    page = Page(held)
    assert "clients/cached.py:make: held" in page.shown
    assert not page.of_class("clash")
    assert not [tag for tag, _ in page.elements if tag in {"nav", "section"}]


def test_markup_made_elsewhere_is_text() -> None:
    assert inside(["<b>", Markup("<i>"), None]) == "&lt;b&gt;<i>"
    assert element("a", "x", href='"><b>', hidden=True, title=None) == '<a href="&quot;&gt;&lt;b&gt;" hidden>x</a>'


def test_a_known_violation_is_told_with_its_reason() -> None:
    page = Page(expected())
    assert "Known, and expected to fail: the cache goes with release 14" in page.shown
    assert "no longer fails: take it out of known.toml" in page.shown


# -- places, output, code -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", REPORTS)
def test_every_link_leads_to_something_on_the_page(story: Callable[[], Report]) -> None:
    page = Page(story())
    ids = {found["id"] for _, found in page.elements if "id" in found}
    links = {(found["href"] or "").removeprefix("#") for tag, found in page.elements if tag == "a"}
    assert links <= ids
    assert len(ids) == sum("id" in found for _, found in page.elements)


def test_a_violation_in_a_list_links_to_its_requests_and_sessions() -> None:
    linked = [found["href"] for tag, found in Page(reused()).elements if tag == "a"]
    assert linked[:4] == ["#S1", "#S1-3", "#S1-4", "#S1-2"]  # the second request created the session
    assert ("a", "request 3") in Page(reused()).text
    assert ("a", "session s1") in Page(reused()).text


def test_a_lot_of_output_is_folded_and_whole_and_a_little_stands_open() -> None:
    page = Page(noisy())
    assert ("summary", "log: 9 lines") in page.text
    texts = [text for tag, text in page.text if tag == "pre"]
    assert texts[0].splitlines() == [f"DEBUG:pool:connection  {number}" for number in range(9)]
    assert texts[1] == "a  warning"
    assert texts[2].startswith("notifier.py:31 in send: ")
    assert len([tag for tag, _ in page.elements if tag == "details"]) == 1


def test_spaces_are_shown_as_they_are() -> None:
    shown = render(noisy())
    assert "message 1 to ann: '  I'" in Page(noisy()).shown
    assert "sent as guest: {name: 'Ann  Lee', " in Page(noisy()).shown
    assert "header, main { white-space: pre-wrap; }" in shown
    assert ".timeline > li { white-space: pre-wrap; }" in shown


def test_names_in_backticks_are_code() -> None:
    page = Page(noisy())
    assert ("code", "email") in page.text  # of the advice: pass `name` and `email` on as they are
    assert "`" not in page.shown


@pytest.mark.parametrize("story", REPORTS)
def test_every_column_has_a_heading(story: Callable[[], Report]) -> None:
    page = Page(story())
    assert [text for tag, text in page.text if tag == "th"][:4] == ["clause", "verdict", "runs", "finding"]


def test_a_recording_is_called_one() -> None:
    page = Page(recorded())
    assert ("h3", "What the recording shows (wall clock)") in page.text
