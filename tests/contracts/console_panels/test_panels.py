"""The additions of the judge and the stories to a mock: a story as JSON and files, and a judged journal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from unittest.mock import Mock

import pytest
from flask.testing import FlaskClient

from contracts.console_panels import extend, judged, reproduce
from contracts.console_panels.remember import Memory
from contracts.stories.codec import decode
from contracts.stories.exports import KINDS
from contracts.stories.run import run
from contracts.stories.stage import InProcessStage
from mockserver.assemble import Assembly, assemble
from mockserver.control import Control
from mockserver.journal import encode
from mockserver.settings import Settings
from mockserver.web import create_app
from tests.contracts.replay.minimize.lives import Life

CONSOLE = "/__admin/console/organizations"
ADMIN = "/__admin/organizations"


class PanelledMock(NamedTuple):
    """A mock with the panels, a browser on the same machine, and a client's life."""

    parts: Assembly
    browser: FlaskClient
    life: Life

    def latest(self, **filters: str) -> str:
        """The contextId of the latest request that passes the filters."""
        return self.life.tenant.requests.find(**filters)[0].context_id  # type: ignore[arg-type]


def panelled(settings: Settings) -> Iterator[PanelledMock]:
    with assemble(settings) as parts:
        yield PanelledMock(parts, create_app(parts, extensions=(extend,)).test_client(), Life(Control(parts), {}))


@pytest.fixture
def mock() -> Iterator[PanelledMock]:
    yield from panelled(Settings())


@pytest.fixture
def refused(mock: PanelledMock) -> str:
    """Return the address of a request that used a session twice."""
    mock.life.login()
    mock.life.create()
    mock.life.send()
    mock.life.send(text="once </script> more \u2028 \r\n")
    return f"{mock.life.tenant.id}/requests/{mock.latest(reason='session.consumed')}"


def test_a_refused_request_is_told_as_json(mock: PanelledMock, refused: str) -> None:
    answer = mock.browser.get(f"{ADMIN}/{refused}/reproduce")
    assert answer.status_code == 200
    told = answer.get_json()
    assert [step["answer"] for step in told["steps"]] == ["200", "200", "200", "403 session.consumed"]
    assert set(told["scripts"]) == {"curl", "python", "node"}
    story = decode(json.dumps(told["story"]).encode())
    place = InProcessStage()
    assert run(story, place).outcome == "as expected"
    place.close()


@pytest.mark.parametrize("kind", KINDS)
def test_each_script_is_on_the_page_and_a_file_beside_it(mock: PanelledMock, refused: str, kind: str) -> None:
    page = mock.browser.get(f"{CONSOLE}/{refused}")
    file = mock.browser.get(f"{CONSOLE}/{refused}/reproduce.{kind}")
    assert (page.status_code, file.status_code) == (200, 200)
    assert f'filename="session-consumed{KINDS[kind].suffix}"' in file.headers["Content-Disposition"]
    assert file.text.isascii()
    shown = re.search(rf'<pre id="script-{kind}"[^>]*>(.*?)</pre>', page.text, re.DOTALL)
    assert shown is not None
    assert "<" not in shown[1]


def test_the_scripts_address_the_mock_where_it_is_asked_for(mock: PanelledMock, refused: str) -> None:
    place, url = f"{ADMIN}/{refused}/reproduce", "https://mock.example.org/prefix"
    for query, address in ({}, "http://localhost"), ({"url": url}, url):
        written = mock.browser.get(place, query_string=query).get_json()["scripts"]
        assert all(address in script for script in written.values())
    answer = mock.browser.get(place, query_string={"url": "http://a;id"})
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (400, "url")


def test_a_command_on_the_page_is_quoted(mock: PanelledMock, refused: str) -> None:
    page = mock.browser.get(f"{CONSOLE}/{refused}", headers={"Host": "[::1]:8403"}).text
    assert ">bash session-consumed.sh &#39;http://[::1]:8403&#39;</code>" in page


def test_what_there_is_not_is_said_so(mock: PanelledMock, refused: str) -> None:
    assert mock.browser.get(f"{CONSOLE}/{refused}/reproduce.cobol").status_code == 404
    nowhere = refused[:-12] + "0" * 12
    assert mock.browser.get(f"{ADMIN}/{nowhere}/reproduce").status_code == 404
    assert mock.browser.get(f"{ADMIN}/none/requests/{nowhere}/reproduce").status_code == 404
    accepted = f"{mock.life.tenant.id}/requests/{mock.latest(reason='message.accepted')}"
    answer = mock.browser.get(f"{ADMIN}/{accepted}/reproduce")
    assert (answer.status_code, answer.get_json()["error"]["message"]) == (409, "it was not refused")
    assert 'id="reproduce"' not in mock.browser.get(f"{CONSOLE}/{accepted}").text


def test_what_lies_beyond_any_request_says_why() -> None:
    for mock in panelled(Settings(max_live_sessions=0)):
        mock.life.login()
        mock.life.create()
        page = mock.browser.get(f"{CONSOLE}/{mock.life.tenant.id}/requests/{mock.latest()}")
        assert "own limit of live sessions" in page.text


def test_a_request_that_names_no_organisation_is_reproduced_too(mock: PanelledMock) -> None:
    mock.life.raw("/nowhere", b"{}", "application/json")
    (stray,) = Control(mock.parts).tenant("unassigned").requests.find()
    page = mock.browser.get(f"{CONSOLE}/unassigned/requests/{stray.context_id}")
    assert "404 route.unknown" in page.text
    assert f"{CONSOLE}/unassigned/requests/{stray.context_id}/reproduce.node" in page.text


def test_a_story_is_looked_for_once(mock: PanelledMock, refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mock.browser.get(f"{CONSOLE}/{refused}")
    monkeypatch.setattr(reproduce, "_find", lambda *_: pytest.fail("it was known already"))
    assert mock.browser.get(f"{CONSOLE}/{refused}").status_code == 200
    assert mock.browser.get(f"{ADMIN}/{refused}/reproduce").status_code == 200


def test_without_the_token_nobody_sees_anything() -> None:
    for mock in panelled(Settings(admin_token="a-token")):
        mock.life.login(secret="another-secret")
        place = f"{mock.life.tenant.id}/requests/{mock.latest()}"
        assert mock.browser.get(f"{ADMIN}/{place}/reproduce").status_code == 401
        assert mock.browser.get(f"{CONSOLE}/{place}/reproduce.curl").status_code == 303
        assert mock.browser.get(f"{CONSOLE}/{mock.life.tenant.id}/contract").status_code == 303
        shown = {"Authorization": "Bearer a-token"}
        assert mock.browser.get(f"{ADMIN}/{place}/reproduce", headers=shown).status_code == 200


# -- the contract ----------------------------------------------------------------------------------------------------


def test_a_journal_is_judged_and_what_was_broken_drawn(mock: PanelledMock, refused: str) -> None:
    page = mock.browser.get(f"{CONSOLE}/{refused.partition('/')[0]}/contract").text
    assert "<strong>1</strong> violated" in page
    assert page.count("timeline") == 1
    assert "▲" not in page  # drawn by the sheet
    assert ">used again<" in page
    assert 'style="' not in page


def test_a_judgement_holds_until_something_new_is_journalled(
    mock: PanelledMock, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, judged_again = f"{CONSOLE}/{refused.partition('/')[0]}/contract", Mock(wraps=judged.judge)
    mock.browser.get(address)
    monkeypatch.setattr(judged, "judge", judged_again)
    assert "Judged over the 8 entries" in mock.browser.get(address).text
    judged_again.assert_not_called()
    mock.life.login()
    assert "Judged over the 10 entries" in mock.browser.get(address).text
    judged_again.assert_called_once()


def test_a_journal_that_has_lost_its_beginning_is_judged_as_far_as_it_goes() -> None:
    for mock in panelled(Settings(journal_entries=7)):
        mock.life.login()
        for number in range(5):
            mock.life.create()
            mock.life.send(number)
        mock.life.send(4)
        page = mock.browser.get(f"{CONSOLE}/{mock.life.tenant.id}/contract")
        assert page.status_code == 200
        assert "Judged over the 7 entries" in page.text
        assert ">used again<" in page.text


def test_of_a_large_journal_the_latest_entries_are_judged(
    mock: PanelledMock, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = list(mock.life.tenant.trace())
    monkeypatch.setattr(judged, "MOST_BYTES", sum(len(encode(entry)) for entry in entries[-3:]))
    page = mock.browser.get(f"{CONSOLE}/{refused.partition('/')[0]}/contract").text
    assert "Judged over the latest 3 of the 8 entries" in page
    assert f"dayfly check URL --organization {mock.life.tenant.id}" in page


def test_of_many_lines_those_around_are_drawn(mock: PanelledMock) -> None:
    mock.life.login()
    mock.life.hurry(100)
    mock.life.send(0)
    mock.life.send(50)
    mock.life.send(99)
    result = judged.judge(mock.life.tenant)
    (violation,) = result.violations
    assert violation.drawing.count("<li") <= judged.MOST_LINES + 10
    assert "lines are left out here" in violation.drawing
    assert violation.drawing.count('class="call clash"') == 2


def test_a_memory_forgets_what_nobody_asks_for() -> None:
    memory: Memory[int] = Memory(2)
    for key, value in (("a", 1), ("b", 2), ("a", 0), ("c", 3), ("a", 0)):
        memory.get(key, lambda value=value: value)  # type: ignore[misc]
    assert [memory.get(key, lambda: 9) for key in ("a", "c", "b")] == [1, 3, 9]
    with pytest.raises(ZeroDivisionError):
        memory.get("broken", lambda: 1 // 0)
    assert memory.get("broken", lambda: 5) == 5
