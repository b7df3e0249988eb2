"""The long description of the distribution: README.md, whose links to other documents lead to the published site."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import normpath
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT = Path(__file__).parent

RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def page_name(path: str) -> str:
    """Return the name of a document's page: `contracts/index` for contracts/README.md, `changelog` for CHANGELOG.md."""
    folder, _, name = normpath(path).rpartition("/")
    stem = name.removesuffix(".md").lower()
    return "/".join(filter(None, (folder, "index" if stem == "readme" else stem)))


def long_description(readme: str, site: str) -> str:
    """Return the text with absolute links. If the site is not known, its links to other documents become plain text."""

    def absolute(link: re.Match[str]) -> str:
        words, path, anchor = link.groups(default="")
        page = page_name(path).removesuffix("index")
        return f"[{words}]({site.rstrip('/')}/{page.removesuffix('/')}/{anchor})" if site else words

    return RELATIVE_LINK.sub(absolute, readme)


class MetadataHook(MetadataHookInterface):
    """Sets `readme`. The address of the site is the project's URL `Documentation`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the long description to the project's metadata."""
        site = metadata.get("urls", {}).get("Documentation", "")
        text = long_description((ROOT / "README.md").read_text("utf-8"), site)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
