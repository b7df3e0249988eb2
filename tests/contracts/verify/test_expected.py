"""Violations that are known: how they are written down, and what becomes of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.clients.python import PythonClients
from contracts.judge import Status
from contracts.report.model import ClauseResult, Ending, Report
from contracts.verify import ContractViolated, Options, check, verify, verify_client
from contracts.verify.expected import MAX_BYTES, ExpectedFailuresError, expecting, load, named
from mockserver.journal import read
from tests.contracts.small import Small
from tests.contracts.verify.test_verify import Caching

BAD_TRACE = Path(__file__).parents[3] / "fixtures" / "traces" / "bad" / "S1.jsonl"

KNOWN = """
version = 1

[[failure]]
clause = "s1"
reason = "the cache goes with the next release"

[[failure]]
clause = "R6"
reason = "nobody knows"
client = "other.py:*"
strict = false
"""


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known.toml"
    path.write_text(KNOWN)
    return path


def ended(report: Report) -> dict[str, Ending]:
    return {result.code: result.ending for result in report.clauses}


def judged(factory: type[Small], known: Path, *clauses: str) -> Report:
    return verify("client.py:make", PythonClients(factory), Options(seed=0, examples=5, clauses=clauses, expected=load(known)))


def test_a_known_violation_is_told_and_fails_nothing(known: Path) -> None:
    report = judged(Caching, known, "S1", "D3")
    assert ended(report) == {"S1": Ending.EXPECTED, "D3": Ending.HELD}
    assert report.exit_status(strict=True) == 0
    (result,) = report.with_ending(Ending.EXPECTED)
    assert result.words == "the cache goes with the next release"
    assert result.counterexample is not None


def test_where_nothing_else_was_put_to_the_test_the_job_is_done(known: Path) -> None:
    assert judged(Caching, known, "S1").exit_status() == 0


def test_another_violation_counts(known: Path) -> None:
    report = judged(Caching, known, "S1", "R1")
    assert ended(report) == {"S1": Ending.EXPECTED, "R1": Ending.VIOLATED}
    assert [result.code for result in report.violated] == ["R1"]
    assert report.exit_status() == 1


def test_what_no_longer_fails_has_to_be_taken_out(known: Path) -> None:
    report = judged(Small, known, "S1")
    assert ended(report) == {"S1": Ending.NOW_HELD}
    assert report.exit_status() == 1
    assert report.clauses[0].words == f"no longer fails: take it out of {known}"


def test_a_client_is_named_as_files_are(known: Path) -> None:
    held = [ClauseResult(code="R6", name="retry-immediate", status=Status.HELD)]
    violated = [ClauseResult(code="R6", name="retry-immediate", status=Status.VIOLATED)]
    assert expecting(violated, "other.py:make", load(known))[0].ending is Ending.EXPECTED
    assert expecting(violated, "my/other.py:make", load(known))[0].ending is Ending.VIOLATED
    assert expecting(held, "other.py:make", load(known))[0].ending is Ending.HELD


def test_a_file_is_the_same_however_somebody_came_there(known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    violated = [ClauseResult(code="R6", name="retry-immediate", status=Status.VIOLATED)]
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "real")
    for target in ("./other.py:make", f"{tmp_path}/real/other.py:make", f"{tmp_path}/link/other.py:make", "x/../other.py:make"):
        assert expecting(violated, target, load(known))[0].ending is Ending.EXPECTED
    for target in ("../other.py:make", f"{tmp_path}/other.py:make", "my/other.py:make"):
        assert expecting(violated, target, load(known))[0].ending is Ending.VIOLATED


def test_a_test_names_its_client_from_the_root_of_the_project(known: Path) -> None:
    (one,) = load(known).failures[:1]
    known.write_text(known.read_text().replace('clause = "s1"', 'clause = "s1"\nclient = "contracts/verify/test_verify.py:*"'))
    options: dict[str, Any] = {"clauses": ["S1"], "seed": 0, "examples": 0, "expected_failures": known}
    assert one.client == "*"
    assert verify_client(Caching, root=Path(__file__).parents[2], **options).target.startswith(
        "contracts/verify/test_verify.py:"
    )
    with pytest.raises(ContractViolated):
        verify_client(Caching, root=Path(__file__).parent, **options)


def test_a_clause_that_was_not_put_to_the_test_is_not_missed(known: Path) -> None:
    asleep = [ClauseResult(code="S1", name="session-reused", status=Status.NOT_EXERCISED)]
    assert expecting(asleep, "client", load(known))[0].ending is Ending.NOT_EXERCISED


def test_recordings_know_them_too(known: Path) -> None:
    trace = tuple(read(BAD_TRACE.read_bytes().splitlines()))
    report = check("trace", trace, Options(clauses=("S1",), expected=load(known)))
    assert (ended(report), report.exit_status()) == ({"S1": Ending.EXPECTED}, 0)


def test_a_test_names_them_by_a_file_or_by_their_reasons(known: Path) -> None:
    for given in (known, str(known), {"S1": "the cache"}):
        assert verify_client(Caching, clauses=["S1"], seed=0, examples=0, expected_failures=given).exit_status() == 0
    with pytest.raises(ContractViolated, match=r"S1 session-reused +now held"):
        verify_client(Small, clauses=["S1"], seed=0, examples=0, expected_failures={"S1": "the cache"})


ENTRY = '[[failure]]\nclause = "S1"\nreason = "why"\n'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("version = 1\nfailure\n[x]", r"not TOML: .*\(at line 2, column 8\)"),
        ("\udcff", "not TOML: "),
        (ENTRY, r"has no version; write `version = 1` in its first line"),
        ("version = 2", r"version 2 is not known here \(dayfly reads 1\)"),
        ('version = "1"', r"version '1' is not known here"),
        ("version = 1\nfailures = []", "unknown field `failures`; did you mean 'failure'"),
        ("version = 1\nfailure = 3", r"Expected `array`, got `int` - at `\$\.failure`"),
        (
            f"version = 1\n{ENTRY}why = 2",
            r"unknown field `why` - at `\$\.failure\[0\]`; known are clause, reason, client, strict",
        ),
        (f"version = 1\n{ENTRY}stict = false", r"`stict` - at `\$\.failure\[0\]`; did you mean 'strict'"),
        (f'version = 1\n{ENTRY}[[failure]]\nclause = "S2"', r"missing required field `reason` - at `\$\.failure\[1\]`"),
        (f'version = 1\n{ENTRY}[[failure]]\nclause = "S2"\nreason = ""', r"length >= 1 - at `\$\.failure\[1\]\.reason`"),
        (f"version = 1\n{ENTRY}strict = 0", r"Expected `bool`, got `int` - at `\$\.failure\[0\]\.strict`"),
        (f"version = 1\n{ENTRY}[[failure]]\nclause = 'S11'\nreason = 'x'", r"\$\.failure\[1\]\.clause: .* did you mean S1\?"),
        (f"version = 1\n{ENTRY}{ENTRY}", r"\$\.failure\[1\]: S1 is listed twice for '\*'"),
        ("#" * (MAX_BYTES + 1), "longer than 1048576 bytes"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_place(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ExpectedFailuresError, match=rf"known\.toml: .*{words}"):
        load(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExpectedFailuresError, match=r"none\.toml: No such file"):
        load(tmp_path / "none.toml")


def test_reasons_are_looked_at_as_closely() -> None:
    with pytest.raises(ExpectedFailuresError, match="did you mean S1"):
        named({"S11": "why"})
