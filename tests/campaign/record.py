"""The record of a campaign: RECORD.md and record.html for people, record.json for programs."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import asdict, replace

from contracts.protocol.scenario import DeclaredScenario, Do, Step, Together, told
from tests.campaign import versions
from tests.campaign.drivers import PUBLIC, PublicClient, Reading, drivers
from tests.campaign.running import Clause, Result
from tests.campaign.versions import Since

JSON, TEXT, PAGE = PUBLIC / "record.json", PUBLIC / "RECORD.md", PUBLIC / "record.html"

TITLE = "Public clients before the platforms that ship"

ABOUT = """\
Each client is an unmodified package with a driver of a few lines beside this file. `make campaign` installs them apart and
writes this record; `drivers.toml` lists the drivers, and what a second reading of each alarm found. Everything runs against
a local mock: no client here has talked to a real service. A client's own application, such as the choice to keep one session,
is that of its driver.

A clause was found broken with so many `seeds`, and was broken again in so many `replays` of its smallest scenario. `since` is
the version that broke it first, and `upstream` a report that the maintainers have; "new" means that a search found none. A dash
means that it was not looked for.
"""

SECTIONS = (
    ("stands", "Rules that clients break", "Each was read a second time beside the specification and the client's source."),
    ("advice", "Of use to know", "No sentence of a specification forbids these, or whether it does can be argued."),
    ("not promised", "Only if threads share an object", "The libraries do not promise that this works."),
)

HELD = "A control is a client of which nothing is expected to be found."

VERSIONS = "The same driver and scenarios with earlier versions of a package, each in an environment of its own."

FACTS = ("client", "platform", "clause", "level", "rule", "smallest scenario", "since", "upstream", "seeds", "replays")
COLUMNS = (*FACTS, "show it")


class Row(NamedTuple):
    """A clause that a client broke, with what is known about it."""

    client: PublicClient
    result: Result
    clause: Clause
    reading: Reading
    since: Since | None

    @property
    def anchor(self) -> str:
        """The name of its place on the page."""
        return f"{self.client.name}-{self.clause.code}".replace("/", "-")

    @property
    def command(self) -> str:
        """The command that plays the scenario."""
        return f'make campaign ARGS="--show {self.clause.code} {self.client.name}"'

    @property
    def cells(self) -> tuple[str, ...]:
        """What FACTS names."""
        clause, policy = self.clause, [f"with {word} = {value}" for word, value in self.client.policy.items()]
        return (
            who(self.client),
            self.client.platform,
            f"{clause.code} {clause.name}",
            clause.level or "—",
            clause.source or clause.statement,
            "; ".join([*policy, in_one_line(clause.scenario)]),
            self.since.told() if self.since is not None else "—",
            self.reading.upstream or "—",
            f"{clause.violated} of {self.result.seeds}",
            f"{clause.reproduced} of {clause.replays}",
        )


Known = list[tuple[PublicClient, Result]]


def read() -> dict[str, Result]:
    """Return the results that are on record, by driver."""
    if not JSON.exists():
        return {}
    return {result.driver: result for result in msgspec.json.decode(JSON.read_bytes(), type=list[Result])}


def add(result: Result) -> None:
    """Put a result in place of an older one, though another campaign may write at the same time."""
    with (PUBLIC / "drivers.toml").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        write(drivers(), read() | {result.driver: result})


def write(clients: list[PublicClient], results: dict[str, Result]) -> None:
    """Write all files, in the order of the clients."""
    from tests.campaign import page

    known = [(client, _without_stories(results[client.name])) for client in clients if client.name in results]
    for file, content in ((JSON, document(known)), (TEXT, text(known)), (PAGE, page.render(known))):
        file.write_text(content, "utf-8")


def _without_stories(result: Result) -> Result:
    """Stories have ports and drawn ids in them, which differ each time."""
    return replace(result, clauses=[replace(clause, story="") for clause in result.clauses])


def rows(known: Known, verdict: str) -> list[Row]:
    """Return the clauses that were broken and whose second reading came to this verdict."""
    since = {(one.driver, one.code): one for one in versions.read()}
    return [
        Row(client, result, clause, reading, since.get((client.name, clause.code)))
        for client, result in known
        for clause in result.clauses
        if clause.violated and (reading := reading_of(client, clause)) is not None and reading.verdict == verdict
    ]


def pairs(known: Known) -> Iterator[tuple[str, str, str, str]]:
    """Yield package, clause, and the neighbouring versions that break it and keep it."""
    packages = {client.name: client.package for client, _ in known}
    for one in versions.read():
        if one.before and one.driver in packages:
            broken, kept = (one.version, one.before) if one.state == "broken" else (one.before, one.version)
            yield packages[one.driver], one.code, broken, kept


# -- for programs ----------------------------------------------------------------------------------------------------


def document(known: Known) -> str:
    """Return the record in JSON, a client a line."""
    about = {row.anchor: row for verdict, _, _ in SECTIONS for row in rows(known, verdict)}
    lines = [msgspec.json.encode(_client(client, result, about)).decode() for client, result in known]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _client(client: PublicClient, result: Result, about: dict[str, Row]) -> dict[str, Any]:
    named = {name: getattr(client, name) for name in ("package", "version", "language", "platform", "policy", "control")}
    clauses = [_clause(clause, about.get(f"{client.name}-{clause.code}".replace("/", "-"))) for clause in result.clauses]
    return asdict(result) | named | {"clauses": clauses}


def _clause(clause: Clause, row: Row | None) -> dict[str, Any]:
    if row is None:
        return asdict(clause)
    since = None if row.since is None else {"version": row.since.version, "before": row.since.before}
    return asdict(clause) | asdict(row.reading) | {"since": since, "show": row.command}


# -- for people ------------------------------------------------------------------------------------------------------


def text(known: Known) -> str:
    """Return the record in Markdown."""
    parts = [f"# {TITLE}\n\n{ABOUT}"]
    for verdict, title, words in SECTIONS:
        if found := rows(known, verdict):
            parts += [f"## {title}\n\n{words}\n\n{_table(found)}"]
    unread = [f"- {who(client)}: {clause.code}" for client, result in known for clause in unread_of(client, result)]
    if unread:
        parts += ["## Alarms that nobody has read yet\n\nThey accuse nobody.\n\n" + "\n".join(unread) + "\n"]
    told_apart = [" | ".join(("", *pair, "")).strip() for pair in pairs(known)]
    if told_apart:
        head = "| package | clause | breaks it | keeps it |\n" + "|" + " --- |" * 4
        parts += [f"## Versions told apart\n\n{VERSIONS}\n\n{head}\n" + "\n".join(told_apart) + "\n"]
    return "\n".join([*parts, f"## What held\n\n{HELD}\n\n" + _held(known)])


def reading_of(client: PublicClient, clause: Clause) -> Reading | None:
    """Return the second reading of an alarm, None if there is none."""
    return client.readings.get(clause.code)


def unread_of(client: PublicClient, result: Result) -> list[Clause]:
    """Return the alarms that have not been read a second time."""
    return [clause for clause in result.clauses if clause.violated and reading_of(client, clause) is None]


def _table(found: list[Row]) -> str:
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join((*row.cells, f"`{row.command}`")) + " |" for row in found]
    notes = [f"- {who(row.client)}, {row.clause.code}: {row.clause.message}. {row.reading.note}" for row in found]
    return "\n".join([*lines, "", *notes, ""])


def who(client: PublicClient) -> str:
    """Return what texts call a client."""
    return f"{client.package} {client.version}" + (f" ({client.name})" if client.name != client.package else "")


def in_one_line(scenario: DeclaredScenario | None) -> str:
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


def held(client: PublicClient, result: Result) -> tuple[str, ...]:
    """Return a client, its platform, and which clauses it kept in how many scenarios."""
    kept = [clause.code for clause in result.clauses if clause.held and not clause.violated]
    words = f"{who(client)}, control" if client.control else who(client)
    return words, client.platform, str(result.seeds), str(result.scenarios), ", ".join(sorted(kept))


HELD_COLUMNS = ("client", "platform", "seeds", "scenarios", "held, and was put to the test")


def _held(known: Known) -> str:
    lines = [f"| {' | '.join(HELD_COLUMNS)} |", "|" + " --- |" * len(HELD_COLUMNS)]
    return "\n".join([*lines, *("| " + " | ".join(held(*one)) + " |" for one in known)]) + "\n"
