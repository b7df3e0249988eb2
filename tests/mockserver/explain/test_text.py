from __future__ import annotations

import pytest

from mockserver.control import Tenant
from mockserver.explain.words import plain, shortened, span
from tests.mockserver.conftest import ManualClock, Mock
from tests.mockserver.explain.conftest import Tell

TOLD = """\
403 session.idle
POST /api/v2/conversations/messaging/external/guests/sendmessage
contextId {context_id}

The session had been idle for too long. It ended 1.2 s before this request, by
its idle timeout, after 30 s without an accepted message.

Asked
  at 2026-11-18T11:07:11.200Z, by OAuth client
  {client_id} (token {token})
  text: "Welcome back"
  guest: Ann <ann@example.com>
  session: {session}

Answered
  403, code not.authorized, reason session.idle, after 0 s
  message: You are not authorized to perform the requested action.

Guards, in order
  authentication, scope, media type, size, body, rate limit: passed
  session: refused

Session {session}
  11:06:40.000      +0.000 s  created for Ann <ann@example.com>
  11:07:10.000     +30.000 s  its idle timeout ended it
> 11:07:11.200     +31.200 s  send answered 403 session.idle (this request)
  11:11:40.000    +300.000 s  its time to live would have ended it

What would have been accepted
  A send with a session id created by this OAuth client less than 30 s before,
  not yet used.
  Missed: It came 1.2 s too late.

What to do
  - Create a session right before each message and send with its id at once;
    keep no id in a cache, database or queue.
  - Create it in the step that sends, not in an earlier one of a workflow.
  - Treat a 403 `not.authorized` on a send as a dead id: drop it, create a new
    session, send once with that.
"""


def test_the_whole_of_it(mock: Mock, tenant: Tenant, clock: ManualClock, explain: Tell) -> None:
    session = mock.session()
    clock.advance(31.2)
    told = explain(mock.send(session))
    assert told.to_text() == TOLD.format(
        context_id=told.context_id, client_id=tenant.client_id, token=told.asked.credential.token, session=session
    )


@pytest.mark.parametrize("width", [70, 80, 120])
def test_it_keeps_to_its_width(mock: Mock, clock: ManualClock, explain: Tell, width: int) -> None:
    session = mock.session()
    mock.send(session)
    clock.advance(100_000)
    mock.login()
    for answer in (mock.send(session), mock.send(headers={}), mock.create()):
        lines = explain(answer).to_text(width).splitlines()
        assert [line for line in lines if len(line) > width and " " in line.strip()] == []


def test_a_life_of_days_shows_dates(mock: Mock, clock: ManualClock, explain: Tell) -> None:
    session = mock.session()
    clock.advance(80_000)
    assert "  2026-11-18 11:06:40      +0.000 s  created" in explain(mock.send(session)).to_text()


def test_of_a_long_life_the_beginning_and_the_request_are_shown(mock: Mock, explain: Tell) -> None:
    session = mock.session()
    answers = [mock.send(session) for _ in range(300)]
    for answer in (answers[0], answers[150], answers[-1]):
        text = explain(answer).to_text()
        assert text.count("(this request)") == 1
        assert "created for Ann" in text
        assert "(279 more in the JSON)" in text


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "one\ntwo", "\u202eturned", "\u2028", "a\tb"])
def test_what_others_wrote_breaks_no_line_and_drives_no_terminal(mock: Mock, explain: Tell, hostile: str) -> None:
    guest = {"guest": {"name": hostile, "email": hostile}}
    session = mock.create(json=guest).json()["webChatSessionId"]
    for answer in (mock.send(session, text=hostile), mock.send(f"session {hostile}", text=hostile)):
        text = explain(answer).to_text()
        assert hostile not in text
        assert all(line.isprintable() for line in text.split("\n"))


def test_a_long_text_is_shortened(mock: Mock, explain: Tell) -> None:
    told = explain(mock.send(text="x" * 4000))
    assert told.asked.text == "x" * 59 + "…"


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (0, "0 s"),
        (1, "0.001 s"),
        (-250, "0.25 s"),
        (119_999, "119.999 s"),
        (120_000, "2 min"),
        (303_000, "5 min 3 s"),
        (7_200_000, "2 h"),
        (86_399_999, "23 h 59 min"),
        (86_400_000, "24 h"),
        (266_400_000, "3 d 2 h"),
        (8_640_000_000, "100 d"),
    ],
)
def test_durations_are_told_in_units_people_use(milliseconds: int, told: str) -> None:
    assert span(milliseconds) == told


def test_words() -> None:
    assert (plain("naïve 👋"), plain("a\nb"), plain("\u202e")) == ("naïve 👋", "a\\nb", "\\u202e")
    assert (shortened("abcdef", 6), shortened("abcdefg", 6)) == ("abcdef", "abcde…")
