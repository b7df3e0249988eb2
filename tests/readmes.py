"""The project's documents, read as tests need them: their blocks of code, tables, headings and links."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

NAMES = ("README.md", "contracts/README.md", "fixtures/README.md", "mockserver/README.md", "tests/README.md")
"""The documents of this project, from its root. CHANGELOG.md and the gallery's results are lists."""

TEXTS = {name: (ROOT / name).read_text("utf-8") for name in NAMES}

_FENCED = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_CODE = re.compile(r"`[^`]*`")
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block: the document it is in, the nearest heading above it, its language ("" if it names none) and its text."""

    document: str
    heading: str
    language: str
    text: str

    @property
    def first(self) -> str:
        """The first line."""
        return self.text.partition("\n")[0]

    @property
    def path(self) -> str:
        """The name of the file that it shows, which its first line has as a comment; "" if it shows none."""
        found = re.fullmatch(r"(?:#|--) ([\w./-]+\.\w+)", self.first)
        return found[1] if found else ""


def blocks(document: str) -> list[Block]:
    """Return the blocks of a document, in order."""
    text = TEXTS[document]
    found = []
    for match in _FENCED.finditer(text):
        headings = _HEADING.findall(_without_blocks(text[: match.start()]))
        found.append(Block(document, headings[-1] if headings else "", match["language"], dedent(match["text"])))
    return found


def table(document: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without the table's own two lines of heading."""
    _, found, below = TEXTS[document].partition(f"{heading}\n")
    assert found, f"{document} has no {heading!r}"
    rows = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert rows, f"there is no table below {heading} of {document}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows[0].splitlines()[2:]]


def code_in(cell: str) -> list[str]:
    """Return what is set as code in a cell of a table."""
    return re.findall(r"`([^`]+)`", cell)


def links(text: str) -> list[str]:
    """Return the targets of all links in a document."""
    return _LINK.findall(_CODE.sub("", _without_blocks(text)))


def anchors(text: str) -> list[str]:
    """Return the anchors of a document's headings, as GitHub and GitLab make them."""
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(_without_blocks(text))]


def prose(text: str) -> str:
    """Return a document without its blocks of code."""
    return _without_blocks(text)


def _without_blocks(text: str) -> str:
    return _FENCED.sub("", text)
