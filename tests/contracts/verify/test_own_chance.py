"""The random numbers that a client draws itself: others in each scenario, and the same in each replay."""

from __future__ import annotations

import random
from typing import ClassVar

from contracts.builtin import ANN
from contracts.clients.python import PythonClients
from contracts.report.facts import of_confidence
from contracts.runner import Runner
from contracts.scenario import Scenario, Send, decode, encode
from contracts.verify import Options, replay, verify
from contracts.verify.explore import seeded
from tests.contracts.small import Small

PLAIN = Scenario((Send(ANN, "0"),))


class Drawing(Small):
    """Notes its first random number for each message, and alters every message for which that is small."""

    drawn: ClassVar[list[float]] = []

    def deliver(self, session: str, text: str) -> None:
        number = random.random()
        self.drawn.append(number)
        super().deliver(session, text + "!" if number < 0.2 else text)


def numbers(*scenarios: Scenario) -> list[float]:
    Drawing.drawn = []
    with Runner(PythonClients(Drawing)) as world:
        for scenario in scenarios:
            world.run(scenario)
    return Drawing.drawn


def test_a_scenario_draws_the_same_every_time_and_another_one_something_else() -> None:
    other = Scenario((Send(ANN, "1"),))
    one, again, another = numbers(seeded(PLAIN, 0), seeded(PLAIN, 0), seeded(other, 0))
    assert one == again != another


def test_another_seed_of_the_verification_draws_something_else() -> None:
    assert len(set(numbers(*(seeded(PLAIN, seed) for seed in range(5))))) == 5


def test_the_numbers_of_the_process_are_left_alone() -> None:
    state = random.getstate()
    numbers(seeded(PLAIN, 0))
    assert random.getstate() == state


def test_a_violation_by_chance_says_how_often_it_comes_back_and_its_scenario_brings_it_back() -> None:
    report = verify("client", PythonClients(Drawing), Options(examples=20, seed=0, walk="off", clauses=("D4",)))
    (found,) = [result.counterexample for result in report.violated]
    assert found is not None
    assert found.scenario is not None
    assert 0 < found.reproduced < found.replays
    assert f"{found.reproduced} of {found.replays} replays" in of_confidence(found)
    assert "random numbers" in of_confidence(found)
    kept = decode(encode(found.scenario))
    for times in (1, 3):
        assert replay("client", PythonClients(Drawing), kept, Options(clauses=("D4",)), times).failed


def test_a_violation_without_chance_keeps_no_seed() -> None:
    class Shouting(Small):
        def deliver(self, session: str, text: str) -> None:
            super().deliver(session, text + "!")

    report = verify("client", PythonClients(Shouting), Options(examples=0, seed=0, walk="off", clauses=("D4",)))
    (found,) = [result.counterexample for result in report.violated]
    assert found is not None
    assert found.scenario is not None
    assert (found.scenario.chance, found.deterministic) == (0, True)
    assert b"chance" not in encode(found.scenario)
