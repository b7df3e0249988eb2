"""Writes the pages in Markdown, lets Sphinx make HTML of them, and puts llms.txt and the Markdown beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hatch_build import ROOT, page_name
from tests.site import generated
from tests.site.documents import DOCUMENTS, attached, document

CONFIGURATION = str(Path(__file__).parent)
SPHINX = (sys.executable, "-m", "sphinx", "--builder=dirhtml", "--fail-on-warning", "--quiet", "--conf-dir", CONFIGURATION)

SECTIONS = {
    "clauses": ("Clauses", "The rules that a client or a provider must keep. Reports link to these pages."),
    "platforms": ("Platforms that ship", "Each is served by `dayfly serve --platform NAME`."),
    "commands": ("Commands", "As each command describes itself with `--help`."),
}


def build(folder: Path, pages: Mapping[str, str]) -> int:
    """Build the site of `pages` into `folder`. Return 0, or 1 if there was a warning, such as a link that leads nowhere."""
    shutil.rmtree(folder, ignore_errors=True)
    with TemporaryDirectory() as place:
        source = Path(place) / "source"
        for path in attached():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, source / path)
        _write(source, pages)
        command = [*SPHINX, "--doctree-dir", f"{place}/doctrees", "--define", f"html_baseurl={_site()}"]
        status = subprocess.run([*command, source, folder], check=False).returncode
    _write(folder, {name: _plain(text) for name, text in pages.items()})
    (folder / "llms.txt").write_text(llms(pages), "utf-8")
    (folder / "llms-full.txt").write_text("\n".join(map(_plain, pages.values())), "utf-8")
    return status


def all_pages() -> dict[str, str]:
    """Return all pages in Markdown by their names, in order."""
    pages = {page_name(path): document(path) for path in DOCUMENTS}
    parts = {"clauses": generated.clauses(), "platforms": generated.platforms(), "commands": generated.commands()}
    for folder, made in parts.items():
        pages |= {f"{folder}/index": generated.index(*SECTIONS[folder], made), **made}
    pages["index"] += "\n".join(_navigation())
    return pages


def _navigation() -> Iterator[str]:
    """Yield the table of contents of the whole site, which the first page has without showing it."""
    yield "\n```{toctree}\n:hidden:\n"
    yield from (f"{title} <{page_name(path)}>" for path, title in DOCUMENTS.items() if path != "README.md")
    yield from (f"{folder}/index" for folder in SECTIONS)
    yield "```\n"


def _write(folder: Path, pages: Mapping[str, str]) -> None:
    for name, text in pages.items():
        file = folder / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _plain(page: str) -> str:
    """Return a page without its table of contents, for readers of Markdown."""
    return page.partition("```{toctree}")[0].rstrip() + "\n"


# -- for language models ---------------------------------------------------------------------------------------------


def llms(pages: Mapping[str, str]) -> str:
    """Return llms.txt: the pages as Markdown, a line each, in sections."""
    project = _project()
    lines = [f"# {project['name']}", "", f"> {project['description']}.", "", "## Documents", ""]
    lines += [_listed(page_name(path), title) for path, title in DOCUMENTS.items()]
    for folder, (title, words) in SECTIONS.items():
        lines += ["", f"## {title}", "", words, ""]
        lines += [_listed(name, _title(text)) for name, text in pages.items() if name.startswith(f"{folder}/")]
    return "\n".join(lines) + "\n"


def _listed(name: str, title: str) -> str:
    return f"- [{title}]({_site()}{name}.md)"


def _title(page: str) -> str:
    return page.partition("\n")[0].removeprefix("# ")


def _project() -> dict[str, str]:
    project: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def _site() -> str:
    """Return the address of the published site, ending in a slash; "" if pyproject.toml does not have it yet."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"].get("urls", {})
    site = urls.get("Documentation", "").rstrip("/")
    return f"{site}/" if site else ""
