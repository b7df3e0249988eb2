"""The comparison with other tools is of clients that are on record, and its state machine is as short as it is said to be."""

from __future__ import annotations

from tests.campaign import record
from tests.campaign.drivers import drivers
from tests.campaign.peers.__main__ import WITH_MACHINE, WITH_PEBBLE, WITH_SUITE
from tests.campaign.peers.environment import PEERS
from tests.campaign.peers.table import TEXT

COMPARED = {**WITH_PEBBLE, **WITH_SUITE, **WITH_MACHINE}


def test_each_client_broke_what_is_compared_and_controls_broke_nothing() -> None:
    results = record.read()
    for name, code in COMPARED.items():
        broken = {clause.code for clause in results[name].clauses if clause.violated}
        assert code in broken if code else not broken, name


def test_the_page_has_a_row_for_each() -> None:
    clients = {client.name: client for client in drivers()}
    rows = [line for line in TEXT.read_text("utf-8").splitlines() if line.startswith("| ")]
    for name, code in COMPARED.items():
        assert any(
            line.startswith(f"| {clients[name].package} {clients[name].version} | {code or 'nothing'} |") for line in rows
        )


def test_the_state_machine_has_at_most_a_hundred_lines() -> None:
    assert len((PEERS / "jenkins_machine.py").read_text("utf-8").splitlines()) <= 100
