"""The table of drivers and the record hold together with the files beside them."""

from __future__ import annotations

import json
import re

import pytest

from contracts.protocol.scenario import Advance, Do, End, Scenario, Together
from mockserver.platform import compile_platform, find
from tests.campaign import record
from tests.campaign.drivers import PUBLIC, PublicClient, Reading, drivers
from tests.campaign.running import Clause, Result

PINS = dict(re.findall(r"^([\w.-]+)==(\S+)$", (PUBLIC / "requirements.txt").read_text("utf-8"), re.MULTILINE))
PACKAGES = json.loads((PUBLIC / "package.json").read_text("utf-8"))["dependencies"]


def client(**changed: object) -> PublicClient:
    told = {"name": "a", "package": "a", "version": "1", "language": "python", "platform": "mcp", "unit": "u", "target": "t"}
    return PublicClient(**{**told, "shared": False, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("driver", drivers(), ids=lambda driver: driver.name)
def test_a_driver_has_its_file_its_package_and_its_unit(driver: PublicClient) -> None:
    file, _, alias = driver.target.partition(" ")
    assert (PUBLIC / file.partition(":")[0]).is_file()
    if driver.language == "python":
        assert PINS[driver.package] == driver.version
    else:
        assert PACKAGES[alias or driver.package] in {driver.version, f"npm:{driver.package}@{driver.version}"}
    assert list(compile_platform(find(driver.platform), driver.policy).effects) == [driver.unit]


def test_every_file_of_a_driver_is_in_the_table() -> None:
    named = {driver.target.partition(":")[0].partition(" ")[0] for driver in drivers()}
    helpers = {"granted.py"}
    assert {file.name for file in PUBLIC.iterdir() if file.suffix in {".py", ".mjs"}} == named | helpers


def test_every_alarm_on_record_was_read_a_second_time() -> None:
    results = record.read()
    assert set(results) == {driver.name for driver in drivers()}
    assert [(one.name, clause.code) for one in drivers() for clause in record.unread_of(one, results[one.name])] == []


def test_every_reading_is_about_an_alarm_on_record() -> None:
    results = record.read()
    for driver in drivers():
        alarms = {clause.code for clause in results[driver.name].clauses if clause.violated}
        assert set(driver.readings) == alarms, driver.name


def test_the_record_is_what_the_results_say() -> None:
    results = record.read()
    told = record.text([(one, results[one.name]) for one in drivers()])
    assert told == record.TEXT.read_text("utf-8")


def test_what_happens_only_between_threads_is_told_so() -> None:
    results = record.read()
    for driver in drivers():
        for clause in results[driver.name].clauses:
            if clause.violated and not driver.shared and clause.scenario is not None:
                at_once = any(isinstance(step, Together) for step in clause.scenario.steps)
                assert (driver.readings[clause.code].verdict == "not promised") == at_once, (driver.name, clause.code)


def test_an_alarm_that_nobody_has_read_accuses_nobody() -> None:
    broken = Clause("R1/session", "dead-shown", "the client must …", "MUST", "a sentence", violated=1, message="shown again")
    result = Result("a", 1, 3, 0.1, 0, [broken])
    unread = record.text([(client(), result)])
    assert "They accuse nobody.\n\n- a 1: R1/session" in unread
    assert "a sentence" not in unread
    read = record.text([(client(readings={"R1/session": Reading("stands", "Seen.")}), result)])
    assert "| a 1 | mcp | R1/session dead-shown | MUST | a sentence |" in read
    assert "nobody" not in read


def test_a_scenario_is_told_in_one_line() -> None:
    unit = Do("read", {"name": "one"})
    told = record.in_one_line(Scenario((unit, End("access"), Advance(5), Together((unit, unit)))))
    assert told == "read; every access is ended; 5 s pass; 2 of read at once"
