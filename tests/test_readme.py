"""The README tells the truth where a machine can check it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import contracts
from contracts import pytest_plugin
from contracts.clauses import CLAUSES
from contracts.clauses.provider import PROVIDER_CLAUSES
from contracts.cli import run
from contracts.cli.group import COMMANDS
from mockserver import openapi
from mockserver.engine.diagram import diagram
from mockserver.engine.model import Policy, Reason
from mockserver.explain.advice import ADVICE
from mockserver.settings import POLICY_FIELDS, policy_to
from mockserver.wire.table import TABLE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")

SHOWN = {None: "off", "webchat:session:write": '["webchat:session:write"]'}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its own two lines of heading."""
    below = README.partition(f"{heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert table, f"there is no table below {heading}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def code_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_states_are_drawn_from_the_engines_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in README


def test_it_lists_every_clause_in_its_own_words() -> None:
    assert [row[:3] for row in rows("### Clauses")] == [[clause.code, clause.name, clause.statement] for clause in CLAUSES]


def test_it_says_how_each_clause_is_judged() -> None:
    assert {row[0]: tuple(row[3:]) for row in rows("### Clauses")} == {clause.code: clause.judged for clause in CLAUSES}


def test_it_lists_every_provider_clause_in_its_own_words() -> None:
    assert rows("#### Provider clauses") == [[clause.code, clause.name, clause.statement] for clause in PROVIDER_CLAUSES]


def test_it_lists_every_policy_value_with_its_default() -> None:
    told = {name: default.strip("`") for cell, default, _ in rows("### Policy") for name in code_in(cell)}
    shown = policy_to(Policy())
    assert set(told) == set(POLICY_FIELDS)
    for name, value in shown.items():
        plain = value[0] if isinstance(value, list) else value
        assert told[name] == SHOWN.get(plain, f"{plain:g}" if isinstance(plain, float) else str(plain)), name


@pytest.mark.parametrize("name", [name for name in contracts.__all__ if name.islower()])
def test_it_tells_of_every_function_that_is_offered(name: str) -> None:
    assert f"{name}(" in README


def test_it_lists_every_command() -> None:
    told = {code.split()[1] for cell, _ in rows("### Commands") for code in code_in(cell) if code.startswith("dayfly ")}
    assert told == set(COMMANDS)


def test_it_lists_every_part_of_the_control_api() -> None:
    paths = (path.removeprefix("/__admin/") for path in openapi.admin_document()["paths"])
    parts = {"/".join(path.replace("{id}", "ID").split("/")[:3]) for path in paths}
    parts = {part for part in parts if part not in {"openapi.json", "organizations/ID", "organizations/ID/reset"}}
    told = {code for cell, _ in rows("### Control API") for code in code_in(cell)}
    assert told == {part.replace("{context_id}", "CONTEXT_ID") for part in parts}


@pytest.mark.parametrize("row", rows("leaves it out, as the platform would):"), ids=lambda row: row[1])
def test_reasons_are_answered_as_it_says(row: list[str]) -> None:
    for reason in code_in(row[1]):
        if reason not in {"body.…", "fault.injected"}:
            told = TABLE[Reason(reason)]
            assert row[0] == f"{told.status} `{told.code}`"


def test_the_fixtures_it_names_are_there() -> None:
    for cell, _ in rows("The same in pytest, whose plugin is there once dayfly is installed:"):
        (name,) = code_in(cell)
        assert hasattr(pytest_plugin, name)


def test_the_files_it_names_are_there() -> None:
    named = set(re.findall(r"(?:contracts|fixtures|mockserver|tests)/[\w./-]+", README.partition("## Architecture")[0]))
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name.rstrip(".")).exists()] == []


def test_the_story_it_begins_with_is_what_the_command_tells(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    begin, _, story = README.partition("```console\n$ dayfly ")[2].partition("```")[0].partition("\n")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("DAYFLY_WALK")
    assert run(begin.split()) == 1
    told = capfd.readouterr().out.splitlines()
    assert [line for line in story.splitlines() if line.strip() != "…" and line not in told] == []


def test_its_explanation_ends_with_the_advice_that_is_given() -> None:
    told = README.partition("$ dayfly explain ")[2].partition("What to do\n")[2].partition("```")[0]
    assert " ".join(told.split()) == " ".join(f"- {line}" for line in ADVICE[Reason.SESSION_CONSUMED])
