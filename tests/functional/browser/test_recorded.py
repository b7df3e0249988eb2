"""A browser's recording of a page that calls the mock is reproduced exactly."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from contracts.cli.group import dayfly
from contracts.replay import ReproductionReport, open_recording, reproduce
from tests.functional.serving import Serving

pytestmark = pytest.mark.slow

# A page that uses a session twice, presents an id of somebody's notes, forgets its token, and sends no text.
PAGE = """<!doctype html><title>notifier</title><script>
const call = (path, body, headers) => fetch(path, {method: 'POST', body, headers});
async function run(login) {
  const form = {Authorization: login, 'Content-Type': 'application/x-www-form-urlencoded'};
  const {access_token: token} = await (await call('/oauth/token', 'grant_type=client_credentials', form)).json();
  const json = {Authorization: `Bearer ${token}`, 'Content-Type': 'application/json'};
  const create = () => call('/api/v2/conversations/webchat/sessions', '{"guest": {"name": "Ann", "email": "a@x.org"}}', json);
  const send = (id, text, headers = json) =>
    call('/api/v2/conversations/messaging/external/guests/sendmessage', JSON.stringify({webChatSessionId: id, text}), headers);
  const {webChatSessionId: id} = await (await create()).json();
  const answers = [await send(id, 'Hello'), await send(id, 'Welcome back'), await send('prev-session-uuid', 'Welcome back')];
  answers.push(await send(id, 'Hello', {'Content-Type': 'application/json'}), await send(id, ''));
  return answers.map(answer => answer.status);
}
</script>"""

STATUSES = [200, 403, 403, 401, 400]


@pytest.fixture
def recording(browser: Browser, serving: Serving, tmp_path: Path) -> Path:
    """Return the recording that the browser saves."""
    file = tmp_path / "recorded.har"
    context = browser.new_context(record_har_path=file, record_har_content="embed")
    page = context.new_page()
    page.route("**/page.html", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto(f"{serving.url}/page.html")
    pair = b64encode(f"{serving.told['client_id']}:{serving.told['client_secret']}".encode()).decode()
    assert page.evaluate("login => run(login)", f"Basic {pair}") == STATUSES
    context.close()
    return file


def test_what_chromium_saved_is_answered_as_it_was(recording: Path) -> None:
    report: ReproductionReport = reproduce(open_recording(recording))
    assert [result.reproduced.status for result in report.results] == [200, 200, *STATUSES]
    assert report.differing == []
    assert report.problems == []
    assert [(refusal.reason, refusal.guard) for refusal in report.refusals] == [
        ("session.consumed", "session"),
        ("session.unknown", "session"),
        ("auth.missing", "authentication"),
        ("body.invalid", "body"),
    ]


def test_nothing_that_it_prints_or_writes_has_the_secret(
    recording: Path, serving: Serving, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = json.loads(recording.read_text())["log"]["entries"]
    token = next(
        json.loads(entry["response"]["content"]["text"])["access_token"]
        for entry in saved
        if "/oauth" in entry["request"]["url"]
    )
    policy = tmp_path / "policy.toml"
    arguments = ["reproduce", str(recording), "--json", "--infer-policy", str(policy)]
    assert dayfly.main(arguments, standalone_mode=False) in {None, 0}
    printed = "".join(capsys.readouterr()) + policy.read_text()
    assert "session.consumed" in printed
    assert token not in printed
    assert serving.told["client_secret"] not in printed
