"""Annotations: commands that GitHub's runner obeys, one line each, that no text of a client's can break out of."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.report.annotations import annotate
from contracts.report.model import Report
from tests.contracts.report.stories import expected, reused

SOURCE = "import httpx\n\n\nclass Client:\n    pass\n\n\nasync def factory(platform):\n    return Client()\n\n\nmake = Client\n"


@pytest.fixture(autouse=True)
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "cached.py").write_text(SOURCE)
    (tmp_path / "clients" / "broken.py").write_text("def (")
    (tmp_path / "clients" / "one.mjs").write_text("")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").write_text("")


def of(target: str) -> Report:
    return replace(reused(), target=target)


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("clients/cached.py:factory", "file=clients/cached.py,line=8,"),
        ("clients/cached.py:Client", "file=clients/cached.py,line=4,"),
        ("clients/cached.py:make", "file=clients/cached.py,line=12,"),
        ("clients/cached.py:made_elsewhere", "file=clients/cached.py,line=1,"),
        ("clients.cached:factory", "file=clients/cached.py,line=8,"),
        ("clients/broken.py:factory", "file=clients/broken.py,line=1,"),
        ("node clients/one.mjs --fast", "file=clients/one.mjs,line=1,"),
        ("bin/node clients/one.mjs", "file=clients/one.mjs,line=1,"),
        ("bin/node --version", "file=bin/node,line=1,"),
        ("python3 -m clients.cached --fast", "file=clients/cached.py,line=1,"),
        ("nowhere.py:factory", ""),
        ("sh -c 'open", ""),
        ("", ""),
    ],
)
def test_they_stand_where_the_client_is_made(target: str, place: str, tmp_path: Path) -> None:
    title = "title=dayfly::S1 session-reused: session s1 was used twice"
    assert annotate(of(target), tmp_path) == [f"::error {place}{title}"]


def test_they_stand_at_the_line_that_sent_the_request_if_it_is_known(tmp_path: Path) -> None:
    report = of("clients/cached.py:factory")
    (result,) = report.violated
    assert result.counterexample is not None
    found = replace(result.counterexample, line=(str(tmp_path / "clients" / "base.py"), 12))
    (line,) = annotate(replace(report, clauses=(replace(result, counterexample=found),)), tmp_path)
    assert line.startswith("::error file=clients/base.py,line=12,title=dayfly::S1 ")


def test_files_are_named_from_the_workspace(tmp_path: Path) -> None:
    (line,) = annotate(of("clients/cached.py:factory"), tmp_path / "clients")
    assert "file=cached.py," in line
    (line,) = annotate(of("clients/cached.py:factory"), tmp_path / "elsewhere")
    assert f"file={tmp_path}/clients/cached.py," in line


def test_no_text_breaks_out(tmp_path: Path) -> None:
    report = of("")
    (result,) = report.violated
    assert result.counterexample is not None
    evil = "100%\r\n::set-output name=x::y, z: w"
    spoilt = replace(result, name=evil, counterexample=replace(result.counterexample, message=evil))
    (line,) = annotate(replace(report, clauses=(spoilt,)), tmp_path)
    assert "\n" not in line
    assert "\r" not in line
    told = r"100%25\r\n::set-output name=x::y, z: w"
    assert line == f"::error title=dayfly::S1 {told}: {told}"


def test_no_file_name_breaks_out(tmp_path: Path) -> None:
    (tmp_path / "clients" / "a,b::c.py").write_text("")
    (line,) = annotate(of("clients/a,b::c.py:factory"), tmp_path)
    assert line.startswith("::error file=clients/a%2Cb%3A%3Ac.py,line=1,title=dayfly::S1 ")


def test_where_nothing_is_violated_there_is_none(tmp_path: Path) -> None:
    assert annotate(replace(reused(), clauses=()), tmp_path) == []


def test_what_no_longer_fails_is_an_error_and_what_is_known_is_none(tmp_path: Path) -> None:
    (line,) = annotate(expected(), tmp_path)
    assert line.endswith("::S4 session-invented: no longer fails: take it out of known.toml")


def test_the_clauses_of_one_line_share_an_annotation(tmp_path: Path) -> None:
    report = of("clients/cached.py:factory")
    (result,) = report.violated
    again = replace(result, code="R1", name="dead-id-retried")
    (line,) = annotate(replace(report, clauses=(result, again)), tmp_path)
    assert line.startswith("::error file=clients/cached.py,line=8,title=dayfly::S1 session-reused: ")
    assert "%0AR1 dead-id-retried: session s1 was used twice" in line
