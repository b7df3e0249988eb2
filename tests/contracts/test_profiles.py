"""The default number of scenarios and the default seed."""

from __future__ import annotations

import pytest

from contracts.clients.python import PythonClients
from contracts.profiles import EXAMPLES, UnknownProfile, profile
from contracts.verify import Options, verify
from tests.contracts.small import Small
from tests.walked import FIRST


@pytest.fixture(autouse=True)
def _desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("DAYFLY_PROFILE", raising=False)


def test_at_a_desk_each_run_is_another() -> None:
    assert profile().chance() != profile().chance()
    assert profile().examples("object") == EXAMPLES["object"]


def test_under_ci_every_run_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert profile().chance() == profile("ci").chance() == 0
    assert profile().examples("real") == EXAMPLES["real"]


def test_at_night_more_is_drawn_and_something_else_under_ci_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert profile("nightly").chance() != profile("nightly").chance()
    assert profile("nightly").examples("object") == 10 * EXAMPLES["object"]


def test_a_variable_names_one_and_an_argument_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_PROFILE", "nightly")
    assert profile() == profile("nightly")
    assert profile("ci").seed == 0


def test_one_that_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_PROFILE", "nigthly")
    with pytest.raises(UnknownProfile, match="there is no profile 'nigthly'; use one of ci, nightly"):
        profile()


def test_what_is_said_wins_over_the_profile() -> None:
    told = verify("client", PythonClients(Small), Options(profile="ci", seed=9, examples=1, clauses=("W1",)))
    assert (told.seed, told.examples) == (9, FIRST + 1)
