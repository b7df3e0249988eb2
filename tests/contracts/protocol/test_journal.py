"""A journal is read as the wire is, a right client is not accused by it, and credentials are rebuilt from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contracts.clients.python import PythonClients
from contracts.errors import TraceMalformed
from contracts.judge import Status
from contracts.protocol import journal
from contracts.protocol.history import DeclaredHistory, history_of
from contracts.protocol.judge import judge
from contracts.protocol.probe import Prober
from contracts.protocol.runner import ProtocolRunner
from contracts.protocol.trace import DeclaredTrace
from contracts.protocol.walk import walk
from contracts.remote.control import ADMIN, RemoteControl
from contracts.remote.web import Web
from mockserver.declared.mock import Mock
from mockserver.declared.past import LATEST, DeclaredPast, past_of
from mockserver.engine import life
from mockserver.ids import pseudonym
from mockserver.journal import Answer, Entry, Header
from mockserver.journal_queries import Reader
from mockserver.platform import Platform, compile_platform, find
from mockserver.web.declared import create_declared_app
from tests.contracts.protocol.test_clauses import CULPRITS, RIGHT, Toy

EVERY = 13
"""Of the walk's scenarios every thirteenth is run: they are sorted by length, and alike beside each other."""


def played(toy: Toy, client: type[Any], every: int = EVERY) -> Iterator[tuple[Platform, DeclaredTrace, list[Entry]]]:
    made = PythonClients(client, methods={toy.unit: f"{toy.unit}()"})
    with ProtocolRunner(made, toy.compiled) as runner:
        for scenario in walk(runner.platform, {"logIn": 1, "work": 1, "refresh": 1})[::every]:
            trace = runner.run(scenario).trace
            mock = runner._handler.mock
            yield mock.platform, trace, [Header(), *Reader(mock.store, mock.organization).entries()]


def known(history: DeclaredHistory, platform: Platform) -> Iterator[tuple[Any, ...]]:
    """Yield each call whose answer came as the platform wrote it, as the judge has it. Secret ids are pseudonyms."""

    def named(ids: dict[str, str]) -> dict[str, str]:
        secret = {kind for kind in ids if platform.kinds[kind].duty.get("secret")}
        return {kind: pseudonym(id) if kind in secret and not id.startswith("t:") else id for kind, id in ids.items()}

    for call in history.calls:
        if call.status is not None and not history.exchange(call).spoiled:
            effects = sorted(call.effects.items())
            yield (
                call.operation,
                call.status,
                call.retry_after,
                named(call.shown | call.ended),
                named(call.brought),
                call.lasts,
                effects,
            )


def test_a_journal_whose_answers_come_first_is_malformed() -> None:
    toy, client = RIGHT[0]
    platform, _, entries = next(played(toy, client))
    with pytest.raises(TraceMalformed, match=r"no request '.*' arrived before it; keep the lines in their order"):
        journal.read(sorted(entries, key=lambda entry: not isinstance(entry, Answer)), platform)


@pytest.mark.parametrize(("toy", "client"), RIGHT, ids=[client.__name__ for _, client in RIGHT])
def test_it_says_what_the_wire_says_and_accuses_no_right_client(toy: Toy, client: type[Any]) -> None:
    for platform, trace, entries in played(toy, client):
        read = journal.read(entries, platform, complete=True)
        wire, told = (history_of(platform, one) for one in (trace, read.trace))
        assert sorted(map(str, known(told, platform))) == sorted(str(one) for one in known(wire, platform))
        verdicts = judge(platform, read.trace).verdicts
        broken = {verdict.code.partition("/")[0] for verdict in verdicts if verdict.status is Status.VIOLATED}
        assert broken <= read.unsound.keys()


SEEN_IN_A_JOURNAL = [one for one in CULPRITS if one[2].split("/")[0] in {"S1", "S4", "R1", "N2"}]


@pytest.mark.parametrize(("toy", "client", "code"), [one[:3] for one in SEEN_IN_A_JOURNAL], ids=lambda one: str(one)[-12:])
def test_it_shows_mistakes_that_need_no_units_of_work(toy: Toy, client: type[Any], code: str) -> None:
    found = {
        verdict.code
        for platform, _, entries in played(toy, client, 5)
        for verdict in judge(platform, journal.read(entries, platform, complete=True, sequential=True).trace).verdicts
        if verdict.is_root
    }
    assert code in found


@pytest.mark.parametrize("name", ["mcp", "acme", "oauth", "jenkins"])
def test_credentials_rebuilt_from_a_journal_are_those_of_the_store(name: str) -> None:
    """A probe has each kind refused for each cause."""
    now = [1_795_348_800_000]
    mock = Mock(compile_platform(find(name)), system=lambda: now[0])
    web = Web("http://127.0.0.1", transport=httpx.WSGITransport(create_declared_app(mock)))
    list(Prober(mock.platform, web, RemoteControl(web, "it", ADMIN), {}).checks())
    mock.end(min(kind for kind in mock.platform.kinds if kind != "client"))
    entries = list(Reader(mock.store, mock.organization).entries())
    before, store = DeclaredPast(mock.platform, entries).before(LATEST), past_of(mock)
    assert len(before) > 1
    for (kind, id), rebuilt in before.items():
        kept = store.known(kind, id)
        assert kept is not None
        told = [(one.end, one.record.left, one.record.issued_at, one.record.last_used) for one in (rebuilt, kept)]
        assert told[0] == told[1], (kind, id)
        assert life.cause_at(rebuilt.record, rebuilt.owner, mock.now()) == kept.cause_at(mock.now())
