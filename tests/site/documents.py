"""The project's documents as pages: where each one stands, and its links to the others."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath, relpath

from hatch_build import ROOT, page_name

LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")

DOCUMENTS = {
    "README.md": "Overview",
    "contracts/README.md": "The judge",
    "mockserver/README.md": "The mock",
    "mockserver/platforms/README.md": "Platforms as data",
    "fixtures/README.md": "Clients and cases to copy",
    "fixtures/public/RECORD.md": "Bugs found in public clients",
    "fixtures/public/PEERS.md": "The same clients before other tools",
    "tests/README.md": "Tests, and how to contribute",
    "tests/gallery/RESULTS.md": "Results of the gallery",
    "CHANGELOG.md": "Changelog",
    "LICENSE": "License",
}
"""The documents, in the order of the site's navigation, with their titles there."""


def document(path: str) -> str:
    """Return a document as a page, in Markdown."""
    text = (ROOT / path).read_text("utf-8")
    if not path.endswith(".md"):
        return f"# {DOCUMENTS[path]}\n\n```text\n{text}```\n"
    return LINK.sub(lambda found: _linked(path, found[1]) + (found[2] or ""), text.replace("```mermaid\n", "```text\n"))


def _linked(path: str, link: str) -> str:
    """Return the link that leads from the page of a document to that of another one, or to a file that is not a page."""
    target = normpath(join(dirname(path), link))
    return relpath(f"{page_name(target)}.md" if target in DOCUMENTS else target, dirname(page_name(path)) or ".")


def attached() -> set[str]:
    """Return the files that are linked to and are not pages."""
    linked = ((path, found[1]) for path in DOCUMENTS for found in LINK.finditer((ROOT / path).read_text("utf-8")))
    return {target for path, link in linked if (target := normpath(join(dirname(path), link))) not in DOCUMENTS}
