"""The counterexamples that are kept of a campaign, and their removal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, cast

import pytest
from msgspec.structs import replace

from contracts.builtin import ANN, BUILTIN
from contracts.clients.python import PythonClients
from contracts.errors import ScenarioError
from contracts.report.json import document
from contracts.report.model import Report
from contracts.report.text import summary
from contracts.scenario import Scenario, Send, digest, load, save
from contracts.verify import ContractViolated, Options, verify, verify_client
from contracts.verify.errors import CorpusUnkept
from tests.contracts.small import Small
from tests.contracts.verify.test_verify import Caching

TWICE = Scenario((Send(ANN, "0"), Send(ANN, "0")), client="client")


class Careless(Caching):
    """Alters texts as well, which has nothing to do with the ids."""

    def deliver(self, session: str, text: str) -> None:
        super().deliver(session, f"{text}!")


def judged(factory: Any, corpus: Path, *clauses: str, target: str = "client") -> Report:
    options = Options(seed=0, examples=0, clauses=clauses or ("S1", "D4"), corpus=corpus)
    return verify(target, PythonClients(factory), options)


def names(corpus: Path) -> list[str]:
    return sorted(path.name for path in corpus.iterdir())


def test_what_was_found_is_noted_with_whom_it_was_found_in(tmp_path: Path) -> None:
    judged(Caching, tmp_path, "S1")
    (path,) = tmp_path.iterdir()
    assert path.name == f"S1-{digest(TWICE)}.json"
    assert load(path) == replace(TWICE, title="session s1 was used twice")


def test_what_no_longer_fails_is_removed_and_told(tmp_path: Path) -> None:
    assert judged(Careless, tmp_path).violated
    kept = names(tmp_path)
    assert len(kept) == 2
    report = judged(Small, tmp_path)
    assert names(tmp_path) == []
    assert report.removed == tuple(str(tmp_path / name) for name in kept)
    assert "2 kept scenarios no longer fail, so they were removed: " in " ".join(summary(report).split())


def test_what_no_longer_fails_is_kept_if_that_is_asked_for(tmp_path: Path) -> None:
    judged(Careless, tmp_path)
    kept = names(tmp_path)
    options = Options(seed=0, examples=0, clauses=("S1", "D4"), corpus=tmp_path, corpus_keep=True)
    report = verify("client", PythonClients(Small), options)
    assert not report.removed
    assert names(tmp_path) == kept


def test_what_still_fails_stays_as_it_was(tmp_path: Path) -> None:
    judged(Caching, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert judged(Caching, tmp_path).removed == ()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_is_no_longer_tested_stays_and_is_told(tmp_path: Path) -> None:
    path = save(replace(TWICE, client="client"), tmp_path, "S3")
    report = judged(Small, tmp_path, "S3")
    assert report.stays == (f"{path} stays, because it no longer tests S3; delete it if the client no longer works that way",)
    assert report.stays[0] in " ".join(summary(report).split())


@pytest.mark.parametrize("name", BUILTIN)
def test_a_file_has_the_digest_of_the_scenario_that_was_saved(name: str, tmp_path: Path) -> None:
    assert digest(load(save(BUILTIN[name], tmp_path, "S1"))) == digest(BUILTIN[name])


@pytest.mark.parametrize(
    ("name", "scenario"),
    [
        (f"R1-{digest(TWICE)}.json", TWICE),  # not judged this time
        (f"S3-{digest(TWICE)}.json", TWICE),  # not put to the test by it
        ("S1-00000000.json", TWICE),  # changed since
        (f"S1-{digest(TWICE)}.json", replace(TWICE, client="another")),
        (f"S1-{digest(TWICE)}.json", replace(TWICE, client="")),
        ("twice.json", TWICE),
    ],
)
def test_what_somebody_else_has_put_there_stays(name: str, scenario: Scenario, tmp_path: Path) -> None:
    save(scenario, tmp_path, "S1").rename(tmp_path / name)
    judges = ("S3",) if name.startswith("S3") else ("S1", "D4")
    report = judged(Idle if name.startswith("S3") else Small, tmp_path, *judges)
    assert report.removed == ()
    changed = [f"{tmp_path / name} stays, because it was changed since it was saved"]
    told = [line for line in report.stays if "no longer tests" not in line]
    assert told == (changed if name == "S1-00000000.json" else [])
    assert names(tmp_path) == [name]


class Idle(Small):
    """Does nothing."""

    def send(self, guest: Any, text: str) -> None:
        return


def test_a_file_that_another_client_broke_first_stays_its_own(tmp_path: Path) -> None:
    judged(Caching, tmp_path, "S1", target="first")
    judged(Caching, tmp_path, "S1", target="second")
    (path,) = tmp_path.iterdir()
    assert load(path).client == "first"


def test_a_directory_that_is_none_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "corpus").write_text("")
    with pytest.raises(ScenarioError, match="corpus: File exists"):
        judged(Small, tmp_path / "corpus")


def test_a_file_that_goes_meanwhile_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, whole = save(TWICE, tmp_path, "S1"), Path.open

    def gone(self: Path, *how: Any, **more: Any) -> IO[Any]:
        if self != path:
            return cast(IO[Any], whole(self, *how, **more))
        path.unlink()
        raise FileNotFoundError(2, "No such file or directory", str(self))

    monkeypatch.setattr(Path, "open", gone)
    assert judged(Small, tmp_path).removed == ()


def in_the_way(corpus: Path) -> Path:
    """Put a directory in the way of S1's counterexample, at the path it has before it is renamed."""
    path = corpus / f"S1-{digest(TWICE)}.{os.getpid()}"
    path.mkdir()
    return path.with_suffix(".json")


def test_what_cannot_be_kept_is_told_beside_what_was_found(tmp_path: Path) -> None:
    path = in_the_way(tmp_path)
    report = judged(Caching, tmp_path, "S1")
    assert [result.code for result in report.violated] == ["S1"]
    assert report.unkept == (f"{path}: cannot be written: Is a directory",)
    assert "the corpus could not be kept: " in " ".join(summary(report).split())
    assert document(report)["unkept"] == list(report.unkept)


def test_a_test_fails_by_what_was_found_or_else_by_what_cannot_be_kept(tmp_path: Path) -> None:
    in_the_way(tmp_path)
    with pytest.raises(ContractViolated, match="the corpus could not be kept"):
        verify_client(Caching, clauses=["S1"], seed=0, examples=0, corpus=tmp_path)
    with pytest.raises(CorpusUnkept, match="cannot be written: Is a directory"):
        verify_client(Caching, clauses=["S1"], seed=0, examples=0, corpus=tmp_path, expected_failures={"S1": "the cache"})


def test_what_cannot_be_removed_stays_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(Careless, tmp_path)
    kept = names(tmp_path)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    report = judged(Small, tmp_path)
    assert (report.removed, report.exit_status()) == ((), 0)
    assert report.unkept == tuple(f"{tmp_path / name}: cannot be removed: Permission denied" for name in kept)
    assert "cannot be removed: Permission denied (and 1 file more)" in " ".join(summary(report).split())
