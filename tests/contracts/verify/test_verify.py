from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import astuple

import contracts
from contracts.builtin import ANN, BUILTIN
from contracts.clients.base import Clients
from contracts.clients.errors import BeyondVirtualTime, ClientProtocolError, FactoryError
from contracts.clients.process import ProcessClients
from contracts.clients.python import PythonClients
from contracts.errors import ScenarioError
from contracts.judge import Parameters, Status
from contracts.report.json import document
from contracts.report.model import ClauseResult, Counterexample, Report
from contracts.scenario import Advance, Scenario, Send, load
from contracts.verify import ContractViolated, NothingExercised, Options, UnknownClause, replay, verify, verify_client
from contracts.verify.subject import Subject, of_command, of_factory
from tests.contracts.clients.staging import PATIENCE
from tests.contracts.small import Small, SmallAsync

FIXTURES = Path(__file__).parents[3] / "fixtures"


class Caching(Small):
    """Keeps each guest's session id."""

    def __init__(self, platform: Any) -> None:
        super().__init__(platform)
        self.kept: dict[str, str] = {}

    def create(self, guest: Any) -> str:
        if guest.email not in self.kept:
            self.kept[guest.email] = super().create(guest)
        return self.kept[guest.email]


class Racing(SmallAsync):
    """Keeps the id on itself while it waits for something else."""

    async def send(self, guest: Any, text: str) -> None:
        self.session = await self.create(guest)
        await self.platform.sleep(0.01)
        await self.deliver(self.session, text)


class Idle(Small):
    """Does nothing."""

    def send(self, guest: Any, text: str) -> None:
        return


class Doubtful(Small):
    """Presents an id again, as long as it is not asked too closely."""

    def deliver(self, session: str, text: str) -> None:
        super().deliver(session, text)
        if random.SystemRandom().random() < 0.5:
            self.http.post("/api/v2/conversations/messaging/external/guests/sendmessage", json={})


def found(factory: Callable[[Any], Any], code: str, **options: Any) -> tuple[ClauseResult, Counterexample]:
    result = judged(factory, clauses=(code,), **options).clauses[0]
    assert result.counterexample is not None
    return result, result.counterexample


def judged(factory: Callable[[Any], Any], **options: Any) -> Report:
    options = {"seed": 0, "examples": 20, **options}
    return verify("client", PythonClients(factory, patience=PATIENCE, factory_patience=PATIENCE), Options(**options))


def test_a_cached_id_is_found_with_the_smallest_story() -> None:
    result, example = found(Caching, "S1")
    assert result.status is Status.VIOLATED
    assert example.scenario == Scenario((Send(ANN, "0"), Send(ANN, "0")))
    assert example.minimal
    assert example.deterministic
    assert example.replays == 10
    assert [evidence.label for evidence in example.evidence] == ["first use", "used again"]


def test_each_broken_clause_has_a_story_of_its_own() -> None:
    result, example = found(Caching, "S2")
    assert result.status is Status.VIOLATED
    assert example.scenario is not None
    assert [type(item) for item in example.scenario.parts] == [Send, Advance, Send]


def test_a_race_is_found_and_made_small() -> None:
    _, example = found(Racing, "S3", examples=60)
    assert example.scenario is not None
    assert example.scenario.intents == 2
    assert example.deterministic


@pytest.mark.slow
def test_a_client_that_keeps_the_contract_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FIXTURES / "clients"))
    from recovering import factory  # type: ignore[import-not-found]

    report = judged(factory, examples=60, walk="full")
    assert not report.violated
    assert report.exit_status() == 0
    assert report.walked is not None
    assert report.walked.singles > 100
    assert report.walked.pairs > 300
    assert report.walked.drawn == 60
    assert report.examples == len(BUILTIN) + sum(astuple(report.walked))
    assert len(report.with_status(Status.HELD)) > 20


@pytest.mark.slow
def test_the_same_seed_finds_the_same() -> None:
    def told() -> bytes:
        plain = document(judged(Racing, seed=7))
        return repr(
            [(clause["code"], clause["status"], clause["exercised"], story(clause)) for clause in plain["clauses"]]
        ).encode()

    def story(clause: dict[str, Any]) -> Any:
        return {name: clause.get("counterexample", {}).get(name) for name in ("scenario", "message", "found_on", "evidence")}

    assert told() == told()


@pytest.mark.slow
def test_other_seeds_draw_other_scenarios() -> None:
    def exercised(seed: int) -> list[int]:
        return [clause.exercised for clause in judged(Small, seed=seed).clauses]

    assert len({tuple(exercised(seed)) for seed in range(3)}) > 1


def test_without_a_seed_one_is_drawn_and_told_but_under_ci_it_is_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    drawn = [judged(Small, seed=None, examples=0).seed for _ in range(2)]
    assert len(set(drawn)) == 2
    monkeypatch.setenv("CI", "true")
    assert judged(Small, seed=None, examples=0).seed == 0


def test_only_the_clauses_asked_for_are_judged() -> None:
    assert [clause.code for clause in judged(Caching, clauses=("d2", "S1"), examples=0).clauses] == ["S1", "D2"]
    with pytest.raises(UnknownClause, match=r"there is no clause 'S11'; did you mean S1\?"):
        judged(Caching, clauses=("S11",))


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("sockets", "did you mean 'socket'?"),
        ("max_ages", "did you mean 'max_age'?"),
        ("x", "known are "),
    ],
)
def test_an_option_that_does_not_exist_is_refused_with_the_one_that_is_meant(option: str, hint: str) -> None:
    wrong: Any = {option: True}
    with pytest.raises(TypeError) as caught:
        verify_client(Small, **wrong)
    assert str(caught.value).startswith(f"verify_client has no option {option!r}; {hint}")


def test_parameters_are_the_contracts() -> None:
    report = judged(Caching, clauses=("S2",), parameters=Parameters(max_age=1e9), examples=0)
    assert not report.violated


def test_a_counterexample_is_kept_and_tried_first(tmp_path: Path) -> None:
    _, example = found(Caching, "S1", corpus=tmp_path / "corpus")
    assert example.file is not None
    kept = load(Path(example.file))
    assert kept.items == example.scenario.parts  # type: ignore[union-attr]
    assert kept.title == example.message
    _, again = found(Caching, "S1", corpus=tmp_path / "corpus")
    assert again.found_on == 1
    assert again.file == example.file


def test_a_corpus_that_holds_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "S1-odd.json").write_text('{"items": [{"op": "explode"}]}')
    with pytest.raises(ScenarioError, match=r"S1-odd\.json"):
        judged(Small, corpus=tmp_path)


def test_a_scenario_can_be_replayed() -> None:
    scenario = Scenario((Send(ANN, "0"), Send(ANN, "1")))
    broken = replay("client", PythonClients(Caching), scenario, times=3)
    assert broken.violated[0].code == "S1"
    assert broken.examples == 3
    example = broken.violated[0].counterexample
    assert example is not None
    assert (example.scenario, example.replays, example.reproduced, example.minimal) == (scenario, 3, 3, None)
    assert (example.shrunk_from, example.found_on) == (None, None)
    assert not replay("client", PythonClients(Small), scenario).violated


def test_a_client_that_does_not_always_fail_is_reported_as_such() -> None:
    _, example = found(Doubtful, "W1")
    assert 0 <= example.reproduced <= example.replays
    assert not example.deterministic or example.reproduced == example.replays


def test_a_client_that_hangs_is_not_put_through_everything() -> None:
    class Blocking(Small):
        def send(self, guest: Any, text: str) -> None:
            threading.Event().wait()

    report = judged(Blocking, examples=100)
    assert report.examples == 3
    assert "D6" in [clause.code for clause in report.violated]


def test_what_the_client_wrote_to_stderr_is_in_the_report(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    print('I do nothing', file=sys.stderr, flush=True)\n"
        "    print(json.dumps({'id': json.loads(line)['id'], 'ok': True}), flush=True)\n"
    )
    clients = ProcessClients(f"{sys.executable} -S {script}", patience=30)
    report = verify("client", clients, Options(seed=0, examples=0, clauses=("D3",)))
    example = report.clauses[0].counterexample
    assert example is not None
    assert example.output.startswith("I do nothing\n")


def test_where_a_process_dies_it_is_told_what_it_was_asked(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text("import sys\nif sys.stdin.readline(): sys.exit('no idea')\n")
    clients = ProcessClients(f"{sys.executable} -S {script}", patience=30)
    words = r"that was in run 1: send\(guest='Ann', text='Your order has shipped.'\), send\(.*; .* on stderr:\n  no idea$"
    with pytest.raises(ClientProtocolError, match=words):
        verify("client", clients, Options(seed=0, examples=0))


def test_a_counterexample_is_made_smaller_past_scenarios_that_break_the_client(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    ask = json.loads(line)\n"
        "    if len(ask['send']['text']) == 1: sys.exit('too short for me')\n"
        "    print(json.dumps({'id': ask['id'], 'ok': True}), flush=True)\n"
    )
    clients = ProcessClients(f"{sys.executable} -S {script}", patience=30)
    example = verify("client", clients, Options(seed=0, examples=0, walk="off", clauses=("D3",))).clauses[0].counterexample
    assert example is not None
    assert example.scenario is not None
    assert example.scenario.intents == 1
    assert example.deterministic


def test_a_factory_that_gives_nothing_ends_it() -> None:
    with pytest.raises(FactoryError):
        judged(lambda platform: None)


def test_an_error_while_drawing_comes_out_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def factory(platform: Any) -> Small:
        made.append(1)
        if len(made) > 10:
            raise RuntimeError("not any more")
        return Small(platform)

    with pytest.raises(FactoryError, match="not any more"):
        judged(factory)


def test_verify_client_returns_the_report_or_raises_it() -> None:
    assert verify_client(Small, clauses=["S1"], seed=0, examples=5).exit_status() == 0
    with pytest.raises(ContractViolated, match=r"error\[S1\] session-reused: session s1 was used twice") as caught:
        verify_client(Caching, clauses=["S1"], seed=0, examples=5)
    assert isinstance(caught.value, AssertionError)
    assert caught.value.report.target.endswith("test_verify.py:Caching")
    with pytest.raises(NothingExercised, match="no clause was put to the test"):
        verify_client(Idle, clauses=["S1"], seed=0, examples=5)


def test_it_is_offered_at_the_front_door() -> None:
    assert contracts.verify_client is verify_client


# -- a command -----------------------------------------------------------------------------------------------------------

PEER = f"{sys.executable} {FIXTURES / 'clients' / 'json_lines.py'} {FIXTURES / 'clients' / 'recovering.py'}:factory"


@pytest.mark.slow
def test_a_command_is_verified_as_well() -> None:
    report = verify_client(command=PEER, clauses="S1", examples=0, walk="off", patience=20)
    assert (report.target, report.real_time) == (PEER, "")
    assert report.replay_with == f"--command '{PEER}' --patience 20"


def test_a_command_whose_time_turns_out_to_be_its_own_is_judged_in_real_time() -> None:
    seen: list[str] = []

    def judge(_: str, clients: Clients) -> Report:
        seen.append(clients.clock)
        if clients.clock == "virtual":
            raise BeyondVirtualTime("it says so")
        return Report(target="", clauses=(), real_time=clients.real_time)

    assert of_command(PEER, {}, {}).judged(judge).real_time == "it says so"
    assert seen == ["virtual", "wall"]


def test_the_arguments_that_name_it_say_that_its_time_is_real() -> None:
    def run(client: Subject, clients: Clients) -> tuple[str | None, str]:
        if clients.clock == "virtual":
            raise BeyondVirtualTime("it says so")
        return client.typed, clients.real_time

    assert of_command(PEER, {}, {"patience": 5}).driven(run) == (f"--command '{PEER}' --real-time --patience 5", "it says so")
    factory = of_factory(Small, "small", "small", {}, socket=False, methods=None)
    with pytest.raises(BeyondVirtualTime):  # its time is as virtual as it gets
        factory.driven(run)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "takes one client"),
        ({"make_client": Small, "command": "x"}, "takes one client"),
        ({"make_client": Small, "one_shot": True}, "one_shot is for command only"),
        ({"command": "x", "socket": True}, "socket is for a factory only"),
    ],
)
def test_options_of_another_kind_of_client_are_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        verify_client(**given)
