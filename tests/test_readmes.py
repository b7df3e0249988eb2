"""The documents are true, as far as a machine can check. The tests that run their blocks are in `tests/functional`."""

from __future__ import annotations

import re
from collections import Counter
from inspect import getmembers, signature
from typing import Any

import pytest

import contracts
from contracts import pytest_plugin
from contracts.clauses import CLAUSES
from contracts.clauses.provider import PROVIDER_CLAUSES
from contracts.cli.group import COMMANDS
from contracts.generate import Limits, walk
from contracts.judge import DEFAULTS
from contracts.pytest_platform import Platforms
from contracts.report.kinds import KINDS, OF_DECLARED
from mockserver import openapi
from mockserver.control.faults import COMMON, OWN
from mockserver.control.faults import KINDS as FAULTS
from mockserver.control.requests import Requests
from mockserver.engine.diagram import diagram
from mockserver.engine.model import Policy, Reason
from mockserver.explain.advice import ADVICE
from mockserver.settings import POLICY_FIELDS, policy_to
from mockserver.wire import ROUTES
from mockserver.wire.table import answer_of
from tests.gallery.catalogue import pieces
from tests.readmes import NAMES, ROOT, TEXTS, anchors, blocks, code_in, links, prose, table

JUDGE, MOCK = TEXTS["contracts/README.md"], TEXTS["mockserver/README.md"]
SHOWN = {None: "off", "webchat:session:write": '["webchat:session:write"]'}
MOST_WORDS = 20
MOST_BYTES = 9_000
WIDEST = 128


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in links(TEXTS[name]):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / name).parent / file if file else ROOT / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


@pytest.mark.parametrize("name", NAMES)
def test_no_two_sections_have_the_same_anchor(name: str) -> None:
    found = anchors(TEXTS[name])
    assert [anchor for anchor in found if found.count(anchor) > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_its_lines_are_narrow(name: str) -> None:
    lines = prose(TEXTS[name]).splitlines()
    assert [line for line in lines if len(line) > WIDEST and not line.startswith("|")] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_files_it_names_are_there(name: str) -> None:
    named = set(re.findall(r"(?<![\w./-])(?:contracts|fixtures|mockserver|tests)/[\w./-]*[\w/]", TEXTS[name]))
    assert len(named) > 2
    shown = {block.path for block in blocks(name)}  # as recipes do
    assert [path for path in named - shown if not (ROOT / path).exists()] == []


def test_the_first_document_is_short() -> None:
    assert len(TEXTS["README.md"].encode()) <= MOST_BYTES


def test_the_glossary_is_short_and_in_order() -> None:
    words = [word for word, _ in table("contracts/README.md", "## Words")]
    assert words == sorted(words, key=str.casefold)
    assert len(words) <= MOST_WORDS


def test_the_states_are_drawn_from_the_engines_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in MOCK


def test_every_operation_is_listed() -> None:
    told = {code.removeprefix("POST ") for row in table("mockserver/README.md", "## Endpoints") for code in code_in(row[0])}
    assert told == set(ROUTES)


def test_every_clause_is_listed_in_its_own_words() -> None:
    told = [row[:3] for row in table("contracts/README.md", "## Clauses")]
    assert told == [[clause.code, clause.name, clause.statement] for clause in CLAUSES]


def test_it_is_said_how_each_clause_is_judged() -> None:
    told = {row[0]: tuple(row[3:]) for row in table("contracts/README.md", "## Clauses")}
    assert told == {clause.code: clause.judged for clause in CLAUSES}


def test_every_provider_clause_is_listed_in_its_own_words() -> None:
    told = table("contracts/README.md", "## Provider clauses")
    assert told == [[clause.code, clause.name, clause.statement] for clause in PROVIDER_CLAUSES]


def test_clients_and_scenarios_are_counted() -> None:
    rooms = Counter(piece.room for piece in pieces() if not piece.shipped)
    steps = [
        len(list(walk(Limits(), "full"))),
        *(len(list(walk(Limits(virtual=is_moved), "short"))) for is_moved in (True, False)),
    ]
    told = {name: " ".join(text.split()) for name, text in TEXTS.items()}
    assert f"some {round(steps[0], -1)} short scenarios" in told["contracts/README.md"]
    assert f"there are {steps[1]}, one of each kind, or {steps[2]} if its waits are real" in told["contracts/README.md"]
    assert f"{rooms['correct']} correct ones" in told["tests/README.md"]
    assert f"{rooms['culprit']} that make one mistake each" in told["tests/README.md"]


def test_every_option_of_the_clauses_is_listed_with_its_default() -> None:
    rows = table("contracts/README.md", "## Options of the clauses")
    told = {code_in(option)[0].split()[0]: (default.strip("`"), codes) for option, default, _, codes in rows}
    for option, (default, codes) in told.items():
        name = option.removeprefix("--").replace("-", "_")
        value = getattr(DEFAULTS, name)
        assert default == ("none" if value is None else str(value) if isinstance(value, str) else f"{value:g}"), name
        taking = {clause.code for clause in CLAUSES if name in clause.parameters}
        assert set(codes.split(", ")) == taking, name
    assert {f"--{name.replace('_', '-')}" for name in DEFAULTS.__struct_fields__} - {"--one-shot"} == set(told)


def test_every_policy_value_is_listed_with_its_default() -> None:
    rows = table("mockserver/README.md", "## Policy")
    told = {name: default.strip("`") for cell, default, _ in rows for name in code_in(cell)}
    shown = policy_to(Policy())
    assert set(told) == set(POLICY_FIELDS)
    for name, value in shown.items():
        plain = value[0] if isinstance(value, list) else value
        assert told[name] == SHOWN.get(plain, f"{plain:g}" if isinstance(plain, float) else str(plain)), name


def test_every_kind_of_fault_is_listed_with_its_fields() -> None:
    told = {code_in(kind)[0]: code_in(fields) for kind, _, fields in table("mockserver/README.md", "## Faults")}
    assert set(told) == set(FAULTS)
    for kind, fields in told.items():
        assert set(OWN.get(kind, ())) <= set(fields), kind
    below = MOCK.partition("## Faults\n")[2].partition("\n| ")[0]
    assert set(COMMON) <= set(code_in(below))


@pytest.mark.parametrize("name", [name for name in contracts.__all__ if name.islower()])
def test_every_function_that_is_offered_is_shown(name: str) -> None:
    assert f"{name}(" in JUDGE


def test_every_command_is_listed() -> None:
    rows = table("contracts/README.md", "## Commands")
    told = {code.split()[1] for cell, _ in rows for code in code_in(cell) if code.startswith("dayfly ")}
    assert told == set(COMMANDS)


def test_every_kind_of_report_is_listed() -> None:
    assert {code_in(kind)[0] for kind, _ in table("contracts/README.md", "## Reports")} == {*KINDS, *OF_DECLARED}


def test_every_part_of_the_control_api_is_listed() -> None:
    paths = (path.removeprefix("/__admin/") for path in openapi.admin_document()["paths"])
    parts = {"/".join(path.replace("{id}", "ID").split("/")[:3]) for path in paths}
    parts = {part for part in parts if part not in {"openapi.json", "organizations/ID", "organizations/ID/reset"}}
    told = {code for cell, _ in table("mockserver/README.md", "## Control API") for code in code_in(cell)}
    assert told == {part.replace("{context_id}", "CONTEXT_ID") for part in parts}


@pytest.mark.parametrize("row", table("mockserver/README.md", "## Refusals"), ids=lambda row: row[1])
def test_reasons_are_answered_as_it_says(row: list[str]) -> None:
    for reason in code_in(row[1]):
        if reason not in {"body.…", "fault.injected"}:
            told = answer_of(Reason(reason))
            assert row[0] == f"{told.status} `{told.code}`"


def test_every_fixture_is_listed() -> None:
    rows = table("contracts/README.md", "## In pytest")
    offered = {name for name, value in vars(pytest_plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"}
    assert {code_in(cell)[0] for cell, _ in rows} == offered


def test_every_member_of_a_platform_is_listed_with_its_own_members() -> None:
    rows = table("contracts/README.md", "Both platforms have the following members:\n")
    told = {code: code_in(what) for cell, what in rows for code in code_in(cell)}
    names = {code.partition("(")[0]: methods for code, methods in told.items()}
    platforms = Platforms()
    with platforms.platform() as platform:
        assert set(names) == public(platform)
        for name in ("clock", "sessions", "tokens", "clients", "faults", "requests"):
            part = getattr(platform, name)
            shown = {method.partition("(")[0]: method for method in names[name] if "(" in method}
            assert set(shown) == public(part), name
            for method, call in shown.items():
                check_arguments(getattr(part, method), call)
    platforms.close()


def public(value: object) -> set[str]:
    return {name for name, _ in getmembers(value) if not name.startswith("_")}


def check_arguments(method: Any, call: str) -> None:
    """The names in a call are the method's first parameters, or fewer."""
    told = [name for name in call.partition("(")[2].rstrip(")").split(", ") if name and not name.startswith("**")]
    assert told == list(signature(method).parameters)[: len(told)], call


def test_every_option_of_pytest_is_listed() -> None:
    class Group:
        def __init__(self) -> None:
            self.names: set[str] = set()

        def getgroup(self, *_: object) -> Group:
            return self

        def addoption(self, name: str, **_: object) -> None:
            self.names.add(name)

        def addini(self, name: str, *_: object, **__: object) -> None:
            self.names.add(name)

    group = Group()
    pytest_plugin.pytest_addoption(group)  # type: ignore[arg-type]
    rows = table("contracts/README.md", "### Options")
    assert {code.split()[0] for option, setting, _ in rows for code in code_in(option + setting)} == group.names


def test_every_option_of_the_marker_and_every_filter_is_named() -> None:
    below = JUDGE.partition("### Options\n")[2].partition("\n| ")[0]
    own = {code_in(option)[0].split()[0] for option, *_ in table("contracts/README.md", "## Options of the clauses")}
    named = {option.removeprefix("--").replace("-", "_") for option in own} | set(code_in(below))
    assert set(pytest_plugin.OPTIONS) <= named
    filters = JUDGE.partition("Filters of requests are ")[2].partition(". In process")[0]
    assert code_in(filters) == list(signature(Requests.find).parameters)[1:]


def test_every_client_that_is_shipped_is_listed() -> None:
    told = set(code_in(prose(TEXTS["fixtures/README.md"])))
    clients = {path.name for path in (ROOT / "fixtures" / "clients").iterdir() if path.is_file()}
    assert {name for name in clients if not name.startswith("culprits_")} <= told


def test_its_explanation_ends_with_the_advice_that_is_given() -> None:
    told = MOCK.partition("$ dayfly explain ")[2].partition("What to do\n")[2].partition("```")[0]
    assert " ".join(told.split()) == " ".join(f"- {line}" for line in ADVICE[Reason.SESSION_CONSUMED])


@pytest.mark.parametrize("row", table("tests/README.md", "## Private interfaces"), ids=lambda row: row[0])
def test_a_private_interface_is_used_where_it_says(row: list[str]) -> None:
    _, names, users, holders = row
    source = "".join((ROOT / user).read_text("utf-8") for user in code_in(users))
    assert [name for name in code_in(names) if re.search(r"\w+", name.split(".")[-1])[0] not in source] == []  # type: ignore[index]
    assert all((ROOT / holder).is_file() for holder in code_in(holders))
