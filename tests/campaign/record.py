"""The record of a campaign: RECORD.md for people, record.json for programs."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from contracts.protocol.scenario import Do, Scenario, Step, Together, told
from tests.campaign.drivers import PUBLIC, PublicClient, Reading
from tests.campaign.running import Clause, Result

JSON, TEXT = PUBLIC / "record.json", PUBLIC / "RECORD.md"

HEAD = """\
# Public clients before the platforms that ship

Each client is an unmodified package with a driver of a few lines beside this file. `make campaign` installs them apart and
writes this record; `drivers.toml` lists the drivers, and what a second reading of each alarm found. Everything runs against
a local mock: no client here has talked to a real service.
"""

SECTIONS = (
    ("stands", "Rules that clients break", "Each was read a second time beside the specification and the client's source."),
    ("advice", "No rule, and yet of use to know", "No sentence of a specification forbids these."),
    ("not promised", "Only if threads share an object", "The libraries do not promise that this works."),
)


def read() -> dict[str, Result]:
    """Return the results that are on record, by driver."""
    if not JSON.exists():
        return {}
    return {result.driver: result for result in msgspec.json.decode(JSON.read_bytes(), type=list[Result])}


def write(clients: list[PublicClient], results: dict[str, Result]) -> None:
    """Write both files, in the order of the clients."""
    known = [_without_stories(results[client.name]) for client in clients if client.name in results]
    JSON.write_bytes(b"[\n" + b",\n".join(map(msgspec.json.encode, known)) + b"\n]\n")
    TEXT.write_text(text([(client, results[client.name]) for client in clients if client.name in results]), "utf-8")


def _without_stories(result: Result) -> Result:
    """Stories have ports and drawn ids in them, which differ each time."""
    return replace(result, clauses=[replace(clause, story="") for clause in result.clauses])


def text(rows: list[tuple[PublicClient, Result]]) -> str:
    """Return the record in Markdown."""
    parts = [HEAD]
    for verdict, title, words in SECTIONS:
        found = [
            (client, result, clause, reading)
            for client, result in rows
            for clause in result.clauses
            if clause.violated and (reading := reading_of(client, clause)) is not None and reading.verdict == verdict
        ]
        if found:
            parts += [f"## {title}\n\n{words}\n\n{_table(found)}"]
    unread = [
        f"- {client.package} {client.version}: {clause.code}" for client, result in rows for clause in unread_of(client, result)
    ]
    if unread:
        parts += ["## Alarms that nobody has read yet\n\nThey accuse nobody.\n\n" + "\n".join(unread) + "\n"]
    return "\n".join([*parts, "## What held\n\n" + _held(rows)])


def reading_of(client: PublicClient, clause: Clause) -> Reading | None:
    """Return the second reading of an alarm, None if there is none."""
    return client.readings.get(clause.code)


def unread_of(client: PublicClient, result: Result) -> list[Clause]:
    """Return the alarms that have not been read a second time."""
    return [clause for clause in result.clauses if clause.violated and reading_of(client, clause) is None]


def _table(found: list[tuple[PublicClient, Result, Clause, Reading]]) -> str:
    lines = ["| client | platform | clause | level | rule | smallest scenario | found in | show it |", "|" + " --- |" * 8]
    notes = []
    for client, result, clause, reading in found:
        seeds = f"{clause.violated} of {result.seeds} seeds"
        command = f'`make campaign ARGS="--show {clause.code} {client.name}"`'
        rule = clause.source or clause.statement
        cells = (_who(client), client.platform, f"{clause.code} {clause.name}", clause.level or "—", rule)
        policy = [f"with {word} = {value}" for word, value in client.policy.items()]
        lines.append("| " + " | ".join((*cells, "; ".join([*policy, in_one_line(clause.scenario)]), seeds, command)) + " |")
        notes.append(f"- {_who(client)}, {clause.code}: {clause.message}. {reading.note}")
    return "\n".join([*lines, "", *notes, ""])


def _who(client: PublicClient) -> str:
    return f"{client.package} {client.version}" + (f" ({client.name})" if client.name != client.package else "")


def in_one_line(scenario: Scenario | None) -> str:
    """Return a scenario in one line, without what its units are given."""
    return "; ".join(map(_step, scenario.steps)) if scenario is not None else ""


def _step(step: Step) -> str:
    match step:
        case Do(unit, _, during):
            return ", ".join([unit, *map(told, during)])
        case Together(units):
            return f"{len(units)} of {units[0].unit} at once"
        case _:
            return told(step)


def _held(rows: list[tuple[PublicClient, Result]]) -> str:
    lines = ["| client | platform | scenarios | held, and was put to the test |", "|" + " --- |" * 4]
    for client, result in rows:
        held = [clause.code for clause in result.clauses if clause.held and not clause.violated]
        words = f"{_who(client)}, control" if client.control else _who(client)
        lines.append(f"| {words} | {client.platform} | {result.scenarios} | {', '.join(sorted(held))} |")
    return "\n".join(lines) + "\n"
