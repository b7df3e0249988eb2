"""The judge's additions to the console: a refused request is reproduced from the copied script, and a journal is judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.functional.browser.test_everybody import findings
from tests.functional.browser.visiting import Visitor
from tests.need import need

pytestmark = pytest.mark.slow

KINDS = {"curl": ["bash"], "python": [sys.executable], "node": ["node"], "json": []}
SUFFIXES = {"curl": ".sh", "python": ".py", "node": ".mjs", "json": ".json"}
TITLES = {"curl": "the curl script", "python": "the Python script", "node": "the Node script", "json": "the story file"}
RUN_STORY = [sys.executable, "-m", "contracts.cli", "stories", "run"]


def used(visitor: Visitor) -> str:
    """A session used twice."""
    session = visitor.session("Ann $(exit 9)`'\"")
    visitor.client.send(session, "hello \u2028 '\"$HOME`")
    return visitor.client.send(session, "again </pre><script>").headers["inin-correlation-id"]


def idle(visitor: Visitor) -> str:
    """A session used too late."""
    session = visitor.session("Ann")
    visitor.control("clock/advance", seconds=123)
    return visitor.client.send(session).headers["inin-correlation-id"]


def scopeless(visitor: Visitor) -> str:
    """A client whose scope was taken away."""
    session = visitor.session("Ann")
    clients = visitor.admin.get("clients").json()["clients"]
    visitor.admin.patch(f"clients/{clients[0]['client_id']}", json={"scopes": []}).raise_for_status()
    return visitor.client.send(session).headers["inin-correlation-id"]


REFUSED = {"session.consumed": used, "session.idle": idle, "scope.missing": scopeless}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_copied_runs_and_is_refused_in_the_same_way(
    visitor: Visitor, reason: str, tmp_path: Path, complaints: list[str]
) -> None:
    need("node")
    need("curl")
    page = visitor.open(f"/requests/{REFUSED[reason](visitor)}")
    panel = page.locator("#reproduce")
    expect(panel.locator(".chain li").last).to_contain_text(f"403 {reason}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for kind in KINDS:
        copied = copy(page, kind)
        assert copied == panel.locator(f"#script-{kind}").text_content()
        done = run(kind, copied, visitor.credentials["url"], tmp_path)
        assert done.returncode == 0, done
        assert reason in copied
    assert complaints == []
    for kind in (
        ("curl", "python", "node") if reason == "session.consumed" else ()
    ):  # and a script that expects another reason says so
        other = run(kind, copy(page, kind).replace(reason, "session.expired"), visitor.credentials["url"], tmp_path)
        assert other.returncode == 1, other


def copy(page: Page, kind: str) -> str:
    """Return the clipboard's content after a click."""
    button = page.get_by_role("button", name=f"Copy {TITLES[kind]}")
    button.click()
    expect(button).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert isinstance(copied, str)
    return copied


def run(kind: str, text: str, url: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    file = tmp_path / f"script{SUFFIXES[kind]}"
    file.write_text(text, "utf-8", newline="")
    command = [*RUN_STORY, str(file), "--url", url] if kind == "json" else [*KINDS[kind], str(file), url]
    return subprocess.run(command, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, check=False)


def test_a_script_is_downloaded_as_a_file(visitor: Visitor) -> None:
    page = visitor.open(f"/requests/{idle(visitor)}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download session-idle.mjs").click()
    assert download.value.suggested_filename == "session-idle.mjs"
    assert Path(download.value.path()).read_text("utf-8") == page.locator("#script-node").text_content()


def test_what_was_accepted_or_lies_beyond_any_request_is_not_reproduced(visitor: Visitor) -> None:
    accepted = visitor.greet("Ann")
    expect(visitor.open(f"/requests/{accepted}").locator("#reproduce")).to_have_count(0)


def test_a_journal_is_judged_and_what_was_broken_is_drawn(visitor: Visitor, complaints: list[str]) -> None:
    page = visitor.open("/contract")
    expect(page.get_by_role("heading", name="Contract")).to_be_visible()
    held = page.locator("tr", has_text="S1 session-reused")
    expect(held).to_contain_text("not exercised")
    for number in range(12):
        visitor.greet("Bob", f"message {number}")
    used(visitor)
    page.get_by_role("button", name="Judge again").click()
    expect(held).to_contain_text("violated")
    violation = page.locator("section.violation", has_text="S1 session-reused")
    expect(violation.locator(".timeline .clash")).to_have_count(2)
    expect(violation.locator(".timeline")).to_contain_text("lines are left out here")
    expect(violation).to_contain_text("never present an id again")
    held.get_by_role("link").click()
    expect(page).to_have_url(f"{visitor.address}/contract?#S1")
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_say_and_nothing_is_too_wide(visitor: Visitor, scheme: str) -> None:
    page = visitor.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    refused = used(visitor)
    for place in ("/contract", f"/requests/{refused}"):
        visitor.open(place)
        page.locator("details").evaluate_all("all => all.forEach((one) => (one.open = true))")
        assert findings(page) == [], place
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, place
        page.set_viewport_size({"width": 1200, "height": 800})
