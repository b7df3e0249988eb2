"""The command that repeats a run."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import partial, wraps
from math import inf
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.clients.python import PythonClients
from contracts.judge import DEFAULTS, Parameters, Status
from contracts.report.model import ClauseResult, Report
from contracts.report.ways import ways
from contracts.verify import ContractViolated, Options, rerun_options, verify, verify_client
from tests.contracts.verify.test_verify import Caching


def test_what_is_usual_goes_without_saying() -> None:
    assert rerun_options.contract(DEFAULTS) == ""
    assert rerun_options.drawing((), 100, "object") == rerun_options.drawing((), 30, "real") == ""


def test_what_is_not_is_typed() -> None:
    unusual = Parameters(delivery="at-least-once", max_age=2.5, max_attempts=3)
    assert rerun_options.contract(unusual) == "--delivery at-least-once --max-age 2.5 --max-attempts 3"
    others = Parameters(max_age=inf, min_attempts=2, max_wait=30, min_pause=0.0, token_margin=60)
    assert rerun_options.contract(others) == "--max-age off --min-attempts 2 --max-wait 30 --min-pause 0 --token-margin 60"
    assert rerun_options.drawing(("s1", "R6"), 30, "object") == "--clause S1 --clause R6 --examples 30"


def test_a_counterexample_tells_the_whole_command() -> None:
    options = Options(seed=4, examples=0, clauses=("S1",), parameters=Parameters(max_age=60))
    report = verify("client.py:make", PythonClients(Caching), options)
    again, keep, then, _ = ways(report, report.violated[0])
    assert again.command == "dayfly verify client.py:make --max-age 60 --clause S1 --examples 0 --seed 4"
    assert keep.command == f"{again.command} --corpus corpus"
    assert then.command.endswith(" client.py:make --max-age 60")


def test_the_file_that_is_offered_for_replay_is_the_one_that_is_kept(tmp_path: Path) -> None:
    options = Options(seed=4, examples=0, clauses=("S1",), corpus=tmp_path)
    report = verify("client.py:make", PythonClients(Caching), options)
    found = report.violated[0].counterexample
    assert found is not None
    unsaved = replace(report.violated[0], counterexample=replace(found, file=None))
    _, _, then, _ = ways(report, unsaved)
    assert [f"corpus/{path.name}" for path in tmp_path.iterdir()] == [shlex.split(then.command)[2]]


def test_a_name_that_a_shell_would_split_is_quoted() -> None:
    report = verify("src dir/client.py:make", PythonClients(Caching), Options(seed=4, examples=0, clauses=("S1",)))
    way, *_ = ways(report, report.violated[0])
    assert shlex.split(way.command)[:3] == ["dayfly", "verify", "src dir/client.py:make"]


def test_a_providers_url_is_quoted_too() -> None:
    result = ClauseResult(code="P1", name="id-not-fresh", status=Status.VIOLATED)
    report = Report(target="it", clauses=(result,), subject="provider", seed=1, replay_with="http://[::1]:8403/a&b")
    (way, _) = ways(report, result)
    assert shlex.split(way.command)[2] == "http://[::1]:8403/a&b"


def made() -> Callable[[Any], Any]:
    def factory(platform: Any) -> Caching:
        return Caching(platform)

    return factory


@pytest.mark.parametrize(
    "factory",
    [made(), partial(Caching), wraps(Caching)(made())],
    ids=["local", "partial", "wrapped"],
)
def test_a_client_that_no_name_leads_to_is_verified_again_by_its_test(factory: Callable[[Any], Any]) -> None:
    told = r"again +pytest 'test_it\.py::test_it\[a b\]' --dayfly-seed 4 --dayfly-examples 0\n"
    with pytest.raises(ContractViolated, match=told) as violated:
        verify_client(factory, clauses=["S1"], examples=0, seed=4, test="test_it.py::test_it[a b]")
    assert "dayfly verify" not in str(violated.value)


def test_such_a_client_is_not_replayed_from_a_file_either(tmp_path: Path) -> None:
    with pytest.raises(ContractViolated) as violated:
        verify_client(made(), clauses=["S1"], examples=0, seed=4, corpus=tmp_path)
    report = violated.value.report
    assert [way.label for way in ways(report, report.violated[0])] == ["explain"]


def test_a_test_tells_it_too_with_the_door_and_the_patience_its_client_was_given() -> None:
    with pytest.raises(
        ContractViolated, match=r"dayfly verify .*:Caching --socket --patience 3 --clause S1 --examples 0 --seed 4"
    ):
        verify_client(Caching, socket=True, patience=3, clauses=["S1"], examples=0, seed=4)
