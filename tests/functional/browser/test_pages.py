"""Every page and every control of the console, as somebody in QA uses them."""

from __future__ import annotations

import re
import subprocess

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.functional.browser.conftest import NewVisitor
from tests.functional.browser.visiting import CONSOLE, Visitor
from tests.functional.serving import Serving
from tests.need import need

pytestmark = pytest.mark.slow


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_an_organisation_is_made_and_removed(page: Page, serving: Serving, complaints: list[str]) -> None:
    page.goto(f"{serving.url}{CONSOLE}")
    page.get_by_label("Name of a new organisation").fill("checkout <tests>")
    press(page, "Create")
    expect(page.get_by_text("The organisation was created.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing has happened here yet")).to_be_visible()
    expect(page).not_to_have_url(re.compile("done="))  # its scripts have run: a reload before would say it again
    page.reload()
    expect(page.get_by_text("The organisation was created.")).to_be_hidden()
    page.get_by_role("link", name="dayfly").click()
    row = page.get_by_role("row").filter(has_text="checkout <tests>")
    row.get_by_text("Delete…").click()
    row.get_by_role("button").click()
    expect(page.get_by_text("The organisation was deleted")).to_be_visible()
    expect(row).to_have_count(0)
    assert complaints == []


def test_what_a_newcomer_is_told_to_paste_does_what_it_says(
    new_visitor: NewVisitor, context: BrowserContext, complaints: list[str]
) -> None:
    need("curl")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor = new_visitor()
    page = visitor.open()
    pasted = []
    for what in ("the token request", "the request for a session", "the message"):
        page.get_by_role("button", name=f"Copy {what}").click()
        pasted.append(page.evaluate("navigator.clipboard.readText()"))
    script = "\n".join([*pasted, pasted[-1]])
    told = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"HTTP/1.1 (\d+)", told) == ["200", "403"]
    expect(page.locator(".legend")).to_contain_text("2xx 3")
    expect(page.locator(".legend")).to_contain_text("403 1")
    expect(page.locator("#tally")).to_contain_text("consumed 1")
    assert complaints == []


def test_answers_are_drawn_and_told_as_a_table(visitor: Visitor) -> None:
    visitor.greet("Ann")
    page = visitor.open()
    drawing = page.get_by_role("img", name=re.compile("Answers of the last 1m: 3 2xx"))
    expect(drawing.locator("rect")).not_to_have_count(0)
    page.get_by_text("As a table").click()
    expect(page.get_by_role("columnheader", name="2xx")).to_be_visible()
    page.get_by_role("link", name="1h").click()
    expect(page.get_by_role("img", name=re.compile("last 1h: 3 2xx"))).to_be_visible()


def test_the_clock_is_frozen_advanced_set_and_resumed(visitor: Visitor) -> None:
    page = visitor.open()
    press(page, "Freeze")
    expect(page.locator(".mode")).to_have_text("frozen")
    stands = visitor.admin.get("clock").json()["now"]
    press(page, "Advance the clock by 5 min")
    expect(page.get_by_text("The clock was advanced.")).to_be_visible()
    assert visitor.admin.get("clock").json()["now"] == pytest.approx(stands + 300)
    page.get_by_text("Other…").click()
    page.get_by_label("Advance by").fill("two days")
    press(page, "Advance")
    expect(page.get_by_text("'two days' is not a duration")).to_be_visible()
    page.get_by_label("Advance by").fill("2 d")
    press(page, "Advance")
    expect(page.get_by_text("The clock was advanced.")).to_be_visible()
    page.get_by_text("Other…").click()
    page.get_by_label("Set to (UTC)").fill("2040-02-29T12:30:00Z")
    press(page, "Set")
    expect(page.locator("#now")).to_have_text("2040-02-29 12:30:00")
    press(page, "Resume")
    expect(page.locator(".mode")).to_have_text("running")
    expect(page.locator("#now .hour")).to_have_text(re.compile("12:30:0[1-9]"))


def test_time_that_somebody_else_moves_moves_here_too(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.control("clock/freeze", at=4_102_444_800)
    expect(page.locator("#now")).to_have_text("2100-01-01 00:00:00")
    expect(page.locator(".mode")).to_have_text("frozen")


def test_sessions_run_out_before_ones_eyes(visitor: Visitor) -> None:
    visitor.control("clock/freeze")
    session = visitor.session("Ann")
    page = visitor.open("/sessions")
    bar, words = page.locator('[data-left="idle"]'), page.locator('[data-words="idle"]')
    expect(words).to_have_text("30 s")
    expect(bar).to_have_attribute("width", "100.00")
    press(page, "Advance the clock by 1 s")
    expect(words).to_have_text("29 s")
    visitor.control("clock/advance", seconds=14)
    expect(bar).to_have_attribute("width", "50.00")
    visitor.session("Bob")
    expect(page.locator("tbody tr")).to_have_count(2)
    visitor.control("clock/advance", seconds=15)
    expect(page.locator("tbody tr", has_text="Ann")).to_contain_text("idle")
    expect(page.locator("tbody tr", has_text="Bob")).to_contain_text("active")
    page.get_by_label("State").select_option("idle")
    press(page, "Filter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody a").click()
    expect(page.get_by_role("heading", name=session)).to_be_visible()


def test_what_is_frozen_stands(visitor: Visitor) -> None:
    visitor.control("clock/freeze", at=4_102_444_800)
    visitor.client.login()
    visitor.session("Ann")
    visitor.page.clock.install()
    page = visitor.open("/sessions")
    expect(page.locator('[data-words="idle"]')).to_have_text("30 s")
    page.clock.run_for(10_000)
    # At once: a second later the server tells the time again, and every mistake is made good.
    assert page.locator('[data-words="idle"]').inner_text() == "30 s"
    assert page.locator("#now").inner_text() == "2100-01-01 00:00:00"


def test_a_running_clock_ends_a_session_by_itself(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(idle_timeout=2)
    visitor.client.login()
    page = visitor.open("/sessions")
    visitor.session("Ann")
    expect(page.locator("tbody tr")).to_contain_text("active")
    expect(page.locator("tbody tr")).to_contain_text("idle")
    expect(page.locator("tbody tr")).to_contain_text("ended 2 s after it was created")


def test_a_sessions_life_is_drawn_with_all_that_was_tried_on_it(visitor: Visitor) -> None:
    session = visitor.session("Ann")
    page = visitor.open(f"/sessions/{session}")
    expect(page.locator(".facts")).to_contain_text("Left to idle")
    visitor.client.send(session)
    expect(page.locator(".life")).to_contain_text("message accepted")
    expect(page.locator(".facts")).to_contain_text("by the message accepted in request")
    visitor.client.send(session)
    expect(page.locator(".life li")).to_have_count(5)
    expect(
        page.get_by_role("img", name=re.compile("consumed; idle timeout after 30 s; time to live after 5 min"))
    ).to_be_visible()
    page.get_by_role("link", name="send answered 403 session.consumed").click()
    expect(page.locator(".guards .refused")).to_contain_text("session refused")


@pytest.mark.parametrize(
    ("act", "state", "cause"), [("Revoke", "revoked", "by the control API"), ("Expire", "expired", "time to live")]
)
def test_a_session_is_ended_from_its_page(visitor: Visitor, act: str, state: str, cause: str) -> None:
    session = visitor.session("Ann")
    page = visitor.open(f"/sessions/{session}")
    press(page, act)
    expect(page.locator("h2 .state")).to_have_text(re.compile(state))
    expect(page.locator(".facts")).to_contain_text(cause)
    assert visitor.client.send(session).headers["dayfly-reason"] == f"session.{state}"


def test_all_sessions_are_ended_at_once(visitor: Visitor) -> None:
    session = visitor.session("Ann")
    page = visitor.open("/sessions")
    page.get_by_text("End all…").click()
    press(page, "End every active session")
    expect(page.locator("tbody tr")).to_contain_text("revoked")
    assert visitor.client.send(session).status_code == 403


def test_three_403s_are_told_apart_and_explained(visitor: Visitor) -> None:
    used = visitor.session("Ann")
    visitor.client.send(used)
    late = visitor.session("Bob")
    visitor.control("clock/advance", seconds=45)
    refused = {
        visitor.client.send(used).headers["inin-correlation-id"]: ("session.consumed", "used up by an earlier message"),
        visitor.client.send(late).headers["inin-correlation-id"]: ("session.idle", "came 15"),
        visitor.client.send("{{id}}").headers["inin-correlation-id"]: ("session.unknown", "ever issued by this mock"),
    }
    page = visitor.open("/requests?status=403")
    assert visitor.listed() == list(refused)[::-1]
    for context_id, (reason, why) in refused.items():
        visitor.row(context_id).get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(reason)))
        expect(page.locator("p.lead")).to_contain_text(why)
        expect(page.locator(".guards li.refused")).to_have_count(1)
        expect(page.locator(".guards li.passed")).to_have_count(6)
        expect(page.locator(".compare .differs")).not_to_have_count(0)
        page.go_back()


def test_a_fault_is_set_hits_and_is_cleared(visitor: Visitor) -> None:
    page = visitor.open("/faults")
    expect(page.get_by_text("There are no faults")).to_be_visible()
    expect(page.get_by_label("Latency, in seconds")).to_be_hidden()
    page.get_by_role("radio", name="latency").check()
    expect(page.get_by_label("Latency, in seconds")).to_be_visible()
    expect(page.get_by_label("Status", exact=True)).to_be_hidden()
    page.get_by_role("radio", name="status").check()
    page.get_by_label("Operation").select_option("send")
    page.get_by_label("Status", exact=True).fill("429")
    page.get_by_label("Retry-After, in seconds").fill("7")
    page.get_by_label("How many times").fill("2")
    press(page, "Add the fault")
    expect(page.locator(".faults tbody tr")).to_contain_text("the next 2 sends")
    answer = visitor.client.send(visitor.session("Ann"))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    expect(page.locator(".faults tbody tr")).to_contain_text("the next 1 send")
    press(page, "Clear all")
    expect(page.get_by_text("There are no faults")).to_be_visible()
    assert visitor.client.send(visitor.session("Ann")).status_code == 200


def test_a_fault_that_cannot_be_is_refused_in_words(visitor: Visitor) -> None:
    page = visitor.open("/faults")
    page.get_by_role("radio", name="opaque_403").check()
    page.get_by_label("Operation").select_option("token")
    press(page, "Add the fault")
    expect(page.get_by_text("opaque_403 hits sends only")).to_be_visible()


def test_scopes_are_taken_and_given(visitor: Visitor) -> None:
    page = visitor.open("/access")
    page.get_by_role("button", name="Take the scope").click()
    expect(page.get_by_text("This client has no scope")).to_be_visible()
    assert visitor.client.create().headers["dayfly-reason"] == "scope.missing"
    press(page, "Give webchat:session:write")
    expect(page.get_by_role("button", name="Take the scope")).to_be_visible()
    assert visitor.client.create().status_code == 200
    page.get_by_label("Another scope").fill("reports:read")
    press(page, "Give")
    expect(page.locator("#scopes")).to_contain_text("reports:read")


def test_tokens_are_ended_and_rejected(visitor: Visitor) -> None:
    page = visitor.open("/access")
    page.get_by_role("button", name="Expire the token").click()
    expect(page.locator(".tokens tbody tr")).to_contain_text("expired")
    assert visitor.client.create().headers["dayfly-reason"] == "auth.expired"
    visitor.client.login()
    expect(page.locator(".tokens tbody tr")).to_have_count(2)
    press(page, "Revoke all")
    expect(page.locator(".tokens")).to_contain_text("revoked")
    assert visitor.client.create().headers["dayfly-reason"] == "auth.revoked"
    visitor.client.login()
    press(page, "Reject every token")
    expect(page.get_by_text("Every bearer token is currently answered with 401")).to_be_visible()
    assert visitor.client.create().headers["dayfly-reason"] == "auth.rejected"
    press(page, "Accept tokens again")
    expect(page.get_by_role("button", name="Reject every token")).to_be_visible()
    assert visitor.client.create().status_code == 200


def test_credentials_are_copied_and_the_secret_is_shown_on_demand(visitor: Visitor, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open("/access")
    secret = visitor.credentials["client_secret"]
    expect(page.get_by_text(secret)).to_be_hidden()
    page.get_by_role("button", name="Copy the client secret").click()
    expect(page.get_by_role("button", name="Copy the client secret")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_text("Show the secret").click()
    expect(page.get_by_text(secret)).to_be_visible()


def test_a_page_of_an_organisation_that_is_deleted_says_so(visitor: Visitor) -> None:
    page = visitor.open("/requests")
    expect(page.locator("#link")).to_have_text("live")
    visitor.admin.delete(f"../{visitor.id}").raise_for_status()
    expect(page.locator("#link")).to_have_text("deleted: this organisation is no more")
    page.reload()
    expect(page.get_by_role("heading", name="No such organisation")).to_be_visible()
    page.get_by_role("link", name="All organisations").click()
    expect(page.get_by_role("heading", name="Organisations")).to_be_visible()


def test_a_reset_begins_anew(visitor: Visitor) -> None:
    visitor.greet("Ann")
    page = visitor.open()
    page.get_by_text("Reset…").click()
    press(page, "Reset this organisation")
    expect(page.get_by_text("The organisation was reset")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing has happened here yet")).to_be_visible()
