"""A page of another origin uses the platform's operations, as a web-chat widget does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

from mockserver.live import LiveServer
from tests.functional.serving import Serving

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WIDGET = """
async ({url, client_id, client_secret}) => {
  const post = (path, headers, body) => fetch(url + path, {method: "POST", headers, body});
  const basic = "Basic " + btoa(`${client_id}:${client_secret}`);
  const form = {Authorization: basic, "Content-Type": "application/x-www-form-urlencoded"};
  const login = await post("/oauth/token", form, "grant_type=client_credentials");
  const {access_token} = await login.json();
  const json = {Authorization: `Bearer ${access_token}`, "Content-Type": "application/json"};
  const created = await post("/api/v2/conversations/webchat/sessions", json, "{}");
  const {webChatSessionId} = await created.json();
  const send = () => post("/api/v2/conversations/messaging/external/guests/sendmessage", json,
                          JSON.stringify({webChatSessionId, text: "Welcome back"}));
  const first = await send(), second = await send();
  const {contextId} = await second.json();
  return [login.status, created.status, first.status, second.status, second.headers.get("Dayfly-Reason"),
          second.headers.get("ININ-Correlation-Id") === contextId];
}
"""


def _empty_page(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "27")])
    return [b"<!doctype html><title>shop<"]


@pytest.fixture
def shop(page: Page) -> Iterator[Page]:
    """A page of another origin: a server on another port."""
    with LiveServer(_empty_page) as server:
        page.goto(server.url)
        yield page


def test_a_page_logs_in_creates_sends_and_reads_why_it_is_refused(shop: Page, serving: Serving) -> None:
    assert shop.evaluate(WIDGET, serving.told) == [200, 200, 200, 403, "session.consumed", True]


def test_a_page_cannot_use_the_control_api(shop: Page, serving: Serving) -> None:
    call = "url => fetch(url + '/__admin/organizations').then(() => 'read', () => 'refused')"
    assert shop.evaluate(call, serving.url) == "refused"
