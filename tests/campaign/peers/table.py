"""The comparison as a table in Markdown: fixtures/public/PEERS.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from tests.campaign.drivers import PUBLIC

TEXT = PUBLIC / "PEERS.md"

HEAD = """\
# The same clients before other tools

Each client of [RECORD.md](RECORD.md) is put before what people use for its protocol without dayfly. `python -m
tests.campaign.peers` in a checkout installs the tools, runs them, and writes this page; it needs `go` and `npm`.
"""


class Row(Struct, frozen=True):
    """One client and one breach: what each tool made of it. An empty clause is a client in which nothing is wrong."""

    client: str
    clause: str
    ours: str
    others: Mapping[str, str]


class Section(Struct, frozen=True):
    """One tool: its name, what it does and does not see, the columns for what it found, and the rows."""

    title: str
    words: str
    columns: tuple[str, ...]
    rows: list[Row]


def write(sections: Iterable[Section]) -> None:
    """Write the page."""
    TEXT.write_text("\n".join([HEAD, *map(_section, sections)]), "utf-8")


def _section(section: Section) -> str:
    heads = ("client", "breaks", "dayfly finds it in scenario", *section.columns)
    lines = [f"## {section.title}", "", section.words, "", _cells(heads), "|" + " --- |" * len(heads)]
    for row in section.rows:
        lines.append(_cells((row.client, row.clause or "nothing", row.ours, *(row.others[name] for name in section.columns))))
    return "\n".join([*lines, ""])


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
