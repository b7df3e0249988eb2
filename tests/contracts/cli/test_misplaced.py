"""A file of dayfly that is given to a command for another kind of file."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.cli import run
from contracts.cli.misplaced import explained

ROOT = Path(__file__).parents[3]

FILES: dict[str, tuple[str, str | Path]] = {
    "a HAR file": ("recording.har", ROOT / "fixtures/recordings/earlier-today.har"),
    "a trace": ("trace.jsonl", ROOT / "fixtures/traces/bad/S1.jsonl"),
    "a story": ("story.json", ROOT / "fixtures/stories/earlier-today.json"),
    "a scenario": ("scenario.json", ROOT / "fixtures/scenarios/earlier-today.json"),
    "a platform as data": ("platform.yaml", ROOT / "mockserver/platforms/mcp.yaml"),
    "a Python file": ("client.py", ROOT / "fixtures/clients/recovering.py"),
    "a policy": ("policy.toml", "ttl = 100\n"),
    "a list of expected failures": ("expected.toml", 'version = 1\n[[failure]]\nclause = "S1"\nreason = "x"\n'),
    "a report": ("report.json", '{"schema_version": 1, "clauses": []}'),
}
"""A file of each kind: its name, and its text or the file that has it."""

TAKERS = {
    "check FILE": {"a HAR file", "a trace"},
    "reproduce FILE": {"a HAR file", "a trace"},
    "stories show FILE": {"a story"},
    "stories run FILE": {"a story"},
    "platform show FILE": {"a platform as data"},
    "replay FILE client.py:factory": {"a scenario"},
    "verify FILE": {"a Python file"},
    "reproduce --policy=FILE recording.har": {"a policy"},
    "verify --expected-failures FILE client.py:factory": {"a list of expected failures"},
}


WRONG = [(kind, command) for command, kinds in TAKERS.items() for kind in FILES if kind not in kinds]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.values():
        (tmp_path / name).write_text(content if isinstance(content, str) else content.read_text("utf-8"), "utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("kind", "command"), WRONG)
def test_the_error_says_what_it_is(kind: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, _ = FILES[kind]
    assert run(command.replace("FILE", name).split()) == 2
    written = capsys.readouterr().err
    assert f"{name}: this is {kind}; " in written
    assert written.count("\n") == 1


@pytest.mark.parametrize("text", ["{", "[]", "\0"])
@pytest.mark.parametrize(("command", "wanted"), [("stories run", "a story file, as"), ("replay", "a scenario file, as")])
def test_what_is_nothing_of_dayfly_is_told_with_what_to_give(
    command: str, wanted: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.json").write_text(text)
    assert run([*command.split(), "other.json", *(["client.py:factory"] if command == "replay" else [])]) == 2
    assert f"; give {wanted} `dayfly " in capsys.readouterr().err


def test_a_missing_file_is_only_taken_for_one_with_nearly_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stories", "run", "stary.json"]) == run(["stories", "run", "nope.json"]) == 2
    alike, unlike = capsys.readouterr().err.splitlines()
    assert alike.endswith("; did you mean story.json?")
    assert "did you mean" not in unlike


def test_an_error_in_a_file_of_the_right_kind_stays(capsys: pytest.CaptureFixture[str]) -> None:
    Path("policy.toml").write_text("ttl = -1\n")
    assert run(["reproduce", "--policy", "policy.toml", "recording.har"]) == 2
    assert "ttl = -1" in capsys.readouterr().err


def test_a_file_that_is_to_be_written_is_not_looked_at() -> None:
    message = "policy.toml cannot be written: Permission denied"
    assert explained(["reproduce", "recording.har", "--infer-policy", "policy.toml"], message) == message
