"""The table of drivers and the record hold together with the files beside them."""

from __future__ import annotations

import json
import re

import pytest

from contracts.protocol.scenario import Advance, DeclaredScenario, Do, End, Together
from mockserver.platform import compile_platform, find
from tests.campaign import page, record, versions
from tests.campaign.drivers import PUBLIC, PublicClient, Reading, drivers
from tests.campaign.record import Row
from tests.campaign.running import Clause, Result

PACKAGES = json.loads((PUBLIC / "package.json").read_text("utf-8"))["dependencies"]
LOCKED = json.loads((PUBLIC / "package-lock.json").read_text("utf-8"))["packages"]
REQUIREMENTS = {"": "requirements.txt", "mcp1": "requirements-mcp1.txt"}
MOST_UNITS = 3
FEWEST_SEEDS = 20
"""The fewest seeds that a control has on record."""


def pins(environment: str) -> dict[str, str]:
    """Return the versions by package."""
    text = (PUBLIC / REQUIREMENTS[environment]).read_text("utf-8")
    return {name.lower(): version for name, version in re.findall(r"^([\w.-]+)[\w,\[\]-]*==(\S+) \\$", text, re.MULTILINE)}


def known() -> list[tuple[PublicClient, Result]]:
    """Return the drivers that are on record, with what came of them; `make campaign ARGS=--missing` adds the others."""
    results = record.read()
    return [(one, results[one.name]) for one in drivers() if one.name in results]


def findings() -> list[Row]:
    """Return all findings on record."""
    return [row for verdict, _, _ in record.SECTIONS for row in record.rows(known(), verdict)]


def client(**changed: object) -> PublicClient:
    told = {"name": "a", "package": "a", "version": "1", "language": "python", "platform": "mcp", "unit": "u", "target": "t"}
    return PublicClient(**{**told, "shared": False, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("driver", drivers(), ids=lambda driver: driver.name)
def test_a_driver_has_its_file_its_package_and_its_unit(driver: PublicClient) -> None:
    file, _, alias = driver.target.partition(" ")
    assert (PUBLIC / file.partition(":")[0]).is_file()
    if driver.language == "python":
        assert pins(driver.environment)[driver.package.lower()] == driver.version
    else:
        assert PACKAGES.get(alias, PACKAGES[driver.package]) in {driver.version, f"npm:{driver.package}@{driver.version}"}
    assert list(compile_platform(find(driver.platform), driver.policy).effects) == [driver.unit]


def test_every_file_of_a_driver_is_in_the_table() -> None:
    named = {driver.target.partition(":")[0].partition(" ")[0] for driver in drivers()}
    helpers = {"granted.py", "granted.mjs", "lines.mjs", "wanted.py"}
    assert {file.name for file in PUBLIC.iterdir() if file.suffix in {".py", ".mjs"}} == named | helpers


def test_every_alarm_on_record_was_read_a_second_time() -> None:
    assert set(record.read()) <= {driver.name for driver in drivers()}
    assert [(one.name, clause.code) for one, result in known() for clause in record.unread_of(one, result)] == []


def test_every_reading_is_about_an_alarm_on_record() -> None:
    for driver, result in known():
        alarms = {clause.code for clause in result.clauses if clause.violated}
        assert set(driver.readings) == alarms, driver.name


@pytest.mark.parametrize("environment", REQUIREMENTS)
def test_every_package_in_python_is_pinned_with_hashes_and_without_a_host(environment: str) -> None:
    lines = (PUBLIC / REQUIREMENTS[environment]).read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"(#.*)?|[\w.,\[\]-]+==\S+ \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines)
    assert len(pins(environment)) == sum("==" in line for line in lines)


def test_every_package_in_node_is_pinned_with_its_hash_and_without_a_host() -> None:
    packages = [locked for name, locked in LOCKED.items() if name]
    assert all("integrity" in locked and "resolved" not in locked for locked in packages)


def test_the_record_is_what_the_results_say() -> None:
    assert record.text(known()) == record.TEXT.read_text("utf-8")
    assert record.document(known()) == record.JSON.read_text("utf-8")
    assert page.render(known()) == record.PAGE.read_text("utf-8")


def test_controls_have_no_alarm_with_any_seed() -> None:
    controls = [result for one, result in known() if one.control]
    assert len(controls) >= 10
    assert min(one.seeds for one in controls) >= FEWEST_SEEDS
    assert [(one.driver, clause.code) for one in controls for clause in one.clauses if clause.violated] == []


def test_rules_that_are_broken_are_found_with_nearly_every_seed_and_shown_by_few_units() -> None:
    for row in findings():
        if row.reading.verdict == "stands":
            assert row.clause.violated >= row.result.seeds - 1, row.anchor
            assert row.clause.scenario is not None
            assert row.clause.scenario.intents <= MOST_UNITS, row.anchor
        assert row.clause.replays, row.anchor


def test_what_is_found_with_earlier_versions_is_about_a_finding_or_a_clause_that_holds() -> None:
    results = record.read()
    for since in versions.read():
        clause = next(one for one in results[since.driver].clauses if one.code == since.code)
        assert (since.state == "broken") == bool(clause.violated), since


def test_the_page_needs_nothing_else_and_has_a_place_for_each_finding() -> None:
    text = record.PAGE.read_text("utf-8")
    ids, links = re.findall(r' id="([^"]+)"', text), re.findall(r'href="#([^"]+)"', text)
    assert sorted(ids) == sorted(links) == sorted(row.anchor for row in findings())
    assert not re.search(r"<script|<link|<img|@import|url\(", text)


def test_what_a_library_says_is_no_markup_on_the_page() -> None:
    broken = Clause("R1/session", "dead-shown", "the client must …", "MUST", "<b>&", violated=1, message="`<i>` it")
    text = page.render([(client(readings={"R1/session": Reading("stands", "Seen.")}), Result("a", 1, 3, 0.1, 0, [broken]))])
    assert "&lt;b&gt;&amp;" in text
    assert "<code>&lt;i&gt;</code> it" in text


def test_what_happens_only_between_threads_is_told_so() -> None:
    for driver, result in known():
        for clause in result.clauses:
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
    told = record.in_one_line(DeclaredScenario((unit, End("access"), Advance(5), Together((unit, unit)))))
    assert told == "read; every access is ended; 5 s pass; 2 of read at once"
