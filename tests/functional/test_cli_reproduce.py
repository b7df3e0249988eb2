"""`dayfly reproduce`, as somebody types it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from contracts.stories.codec import decode
from contracts.stories.model import Create, Send, Token
from tests.contracts.replay.generated import generate
from tests.contracts.replay.test_reproduce import lived
from tests.functional.conftest import Dayfly

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "fixtures"


@pytest.fixture
def reproduce(dayfly: Dayfly, monkeypatch: pytest.MonkeyPatch) -> Dayfly:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    return partial(dayfly, "reproduce")


def test_the_story_of_earlier_today(reproduce: Dayfly) -> None:
    done = reproduce("fixtures/recordings/earlier-today.har")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15:40:27.803       5  send s1         403 not.authorized  403 session.consumed" in done.stdout
    assert "403 session.consumed, 2 times: first in entry 5 (s1)" in done.stdout
    assert "entry 7: its session is from before the recording began" in done.stdout


@pytest.mark.parametrize("name", ["bad/S1.jsonl", "good/R3.jsonl", "good/A2.jsonl"])
def test_a_trace_of_the_mock_is_answered_as_it_was(name: str, reproduce: Dayfly) -> None:
    done = reproduce(FIXTURES / "traces" / name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_no_recording_is_told_in_one_line(tmp_path: Path, reproduce: Dayfly) -> None:
    file = tmp_path / "notes.har"
    file.write_text("nothing of the kind")
    done = reproduce(file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"dayfly: {file}: this is not a recording: it looks like plain text")


def test_what_was_inferred_is_served_as_it_was_recorded(tmp_path: Path, reproduce: Dayfly) -> None:
    file, policy = tmp_path / "x.har", tmp_path / "policy.toml"
    file.write_bytes(lived((7, 200), (11, 403)).raw)
    first = reproduce(file, "--infer-policy", policy, "--json")
    assert first.returncode == 1
    assert json.loads(first.stdout)["inference"]["explanations"][0]["name"] == "idle_timeout"
    assert "Every answer fits an idle timeout between 6.996 s and 11.004 s." in first.stderr
    undecided = policy.read_text("utf-8")
    for either in ("idle_timeout = 10", "ttl = 10"):
        policy.write_text(undecided.replace(f"# {either}", either), "utf-8")
        assert reproduce(file, "--policy", policy).returncode == 0


def test_the_smallest_story_of_a_refusal_is_written(reproduce: Dayfly) -> None:
    done = reproduce("fixtures/recordings/earlier-today.har", "--emit", "json")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("The mock answers all 8 requests as recorded.")
    story = decode(done.stdout.encode())
    assert [type(step) for step in story.steps] == [Token, Create, Send, Send]
    other = reproduce("fixtures/recordings/earlier-today.har", "--emit", "json", "--entry", "7")
    last = decode(other.stdout.encode()).steps[-1]
    assert isinstance(last, Send)
    assert last.expect.reason == "session.idle"


def test_a_refusal_that_only_another_policy_explains_has_a_story(tmp_path: Path, reproduce: Dayfly) -> None:
    file = tmp_path / "x.har"
    file.write_bytes(lived((7, 200), (11, 403)).raw)
    done = reproduce(file, "--emit", "json")
    assert done.returncode == 0, done.stderr
    assert decode(done.stdout.encode()).policy


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["--emit", "curl", "--entry", "8"], "there is no story of entry 8: it was not refused"),
        (["--emit", "curl", "--entry", "99"], "no entry 99 of the platform in it; without --emit the report lists them"),
        (["--entry", "5"], "--entry needs --emit"),
        (["--emit", "curl", "--json"], "--emit takes standard output"),
    ],
)
def test_a_story_that_cannot_be_written_is_told_of(given: list[str], problem: str, reproduce: Dayfly) -> None:
    done = reproduce("fixtures/recordings/earlier-today.har", *given)
    assert done.returncode == 2
    assert problem in done.stderr


def test_a_policy_that_cannot_be_written_does_not_take_the_report_with_it(reproduce: Dayfly) -> None:
    done = reproduce("fixtures/recordings/earlier-today.har", "--infer-policy", "/dev/full", "--report", "json:/dev/full")
    assert done.returncode == 2
    assert "403 session.consumed, 2 times" in done.stdout
    assert "/dev/full cannot be written" in done.stderr


def test_two_reports_in_one_place_are_refused_before_anything_is_replayed(reproduce: Dayfly) -> None:
    done = reproduce("fixtures/recordings/earlier-today.har", "--report", "markdown:-", "--json")
    assert done.returncode == 2
    assert list(json.loads(done.stdout)) == ["error"]
    assert "standard output has room for one report" in done.stderr


def test_a_trace_that_a_mock_has_written_is_answered_as_it_was(tmp_path: Path, reproduce: Dayfly) -> None:
    """Its policy, its faults, its clock and what was done to it are in the trace."""
    made = generate(7)
    file = tmp_path / "x.jsonl"
    file.write_bytes(made.trace)
    done = reproduce(file)
    assert done.returncode == 0, done.stdout
    assert f"The mock answers all {len(made.exchanges)} requests as recorded." in done.stdout


def test_reports_go_where_they_are_wanted(tmp_path: Path, reproduce: Dayfly) -> None:
    page = tmp_path / "page.md"
    done = reproduce("fixtures/recordings/earlier-today.har", "--report", f"markdown:{page}")
    assert done.returncode == 0
    assert page.read_text(encoding="utf-8").startswith("## `fixtures/recordings/earlier-today.har`\n")
    wrong = reproduce("fixtures/recordings/earlier-today.har", "--report", "html:page.html")
    assert wrong.returncode == 2
    assert "there is no report of the kind 'html'" in wrong.stderr


@pytest.mark.parametrize("place", ["/proc/policy.toml", ".", "-"])
def test_a_policy_that_cannot_be_written_is_refused_before_the_run(place: str, reproduce: Dayfly) -> None:
    done = reproduce("fixtures/recordings/earlier-today.har", "--infer-policy", place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "dayfly reproduce: Invalid value for '--infer-policy': " in done.stderr
