"""The record as one page of plain HTML, which needs no network and no script."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from tests.campaign.record import (
    ABOUT,
    FACTS,
    HELD,
    HELD_COLUMNS,
    SECTIONS,
    TITLE,
    VERSIONS,
    Known,
    Row,
    held,
    pairs,
    rows,
    unread_of,
    who,
)

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#c5cad3, #4a5160); --soft: light-dark(#f3f5f8, #20242c); }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 0.5rem 0; }
th, td { border: 1px solid var(--line); padding: 0.3rem 0.5rem; text-align: left; vertical-align: top; }
thead th { background: var(--soft); }
article { border-top: 1px solid var(--line); margin-top: 1.5rem; }
dl { display: grid; gap: 0.2rem 1rem; grid-template-columns: 9rem 1fr; }
dt { font-weight: bold; }
dd { margin: 0; overflow-wrap: anywhere; }
code { background: var(--soft); padding: 0.1rem 0.3rem; }
.wide { overflow-x: auto; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
"""

SHORT = (0, 1, 2, 3, 6, 7, 8)
"""The columns of the table at the top of a section; the text below it has all."""

ADDRESS = re.compile(r"https://[^\s<>\"']*[^\s<>\"'.,:;]")


def render(known: Known) -> str:
    """Return the page."""
    parts = [f"<h1>{TITLE}</h1>", *(f"<p>{_marked(words)}</p>" for words in ABOUT.split("\n\n"))]
    for verdict, title, words in SECTIONS:
        if found := rows(known, verdict):
            short = ((_link(row), *(_marked(row.cells[one]) for one in SHORT[1:])) for row in found)
            parts += [f"<h2>{title}</h2>", _table(words, [FACTS[one] for one in SHORT], short), *map(_article, found)]
    unread = [f"<li>{escape(who(client))}: {one.code}</li>" for client, result in known for one in unread_of(client, result)]
    if unread:
        parts += ["<h2>Alarms that nobody has read yet</h2>", "<p>They accuse nobody.</p>", f"<ul>{''.join(unread)}</ul>"]
    if told_apart := [tuple(map(escape, pair)) for pair in pairs(known)]:
        parts += ["<h2>Versions told apart</h2>", _table(VERSIONS, ("package", "clause", "breaks it", "keeps it"), told_apart)]
    kept = [tuple(map(escape, held(*one))) for one in known]
    return _page("\n".join([*parts, "<h2>What held</h2>", _table(HELD, HELD_COLUMNS, kept)]))


def _page(body: str) -> str:
    head = '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n<title>{TITLE}</title>\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _table(caption: str, columns: Iterable[str], lines: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "\n".join(map(_line, lines))
    table = f"<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    return f'<div class="wide" role="region" tabindex="0" aria-label="{caption}">\n<table>\n{table}\n</table>\n</div>'


def _line(cells: tuple[str, ...]) -> str:
    first, *others = cells
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


def _link(row: Row) -> str:
    return f'<a href="#{row.anchor}">{escape(row.cells[0])}</a>'


def _article(row: Row) -> str:
    cells = [*zip(FACTS, map(_marked, row.cells), strict=True), ("show it", f"<code>{escape(row.command)}</code>")]
    told = "".join(f"<dt>{name}</dt><dd>{cell}</dd>" for name, cell in cells[3:])
    title = f"{escape(row.cells[0])}: {escape(row.cells[2])}"
    words = _marked(f"{row.clause.message[:1].upper()}{row.clause.message[1:]}. {row.reading.note}")
    return f'<article id="{row.anchor}">\n<h3>{title}</h3>\n<p>{words}</p>\n<dl>{told}</dl>\n</article>'


def _marked(words: str) -> str:
    """Return a text as HTML, with its code and its addresses marked."""
    linked = ADDRESS.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(words, quote=False))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", linked)
