"""Pages that the commands themselves write: one for each clause, platform and command."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from inspect import cleandoc
from typing import Any

import click
from click.testing import CliRunner

from contracts.cli.group import COMMANDS, dayfly
from mockserver.platform.library import is_declared

Values = Mapping[str, Any]

SHAPES = json.loads(resources.files("contracts.cli").joinpath("json.schema.json").read_text("utf-8"))["$defs"]


def printed(*words: str) -> str:
    """Return what a command prints. Raises AssertionError if it fails."""
    done = CliRunner().invoke(dayfly, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def fenced(text: str, language: str = "text") -> str:
    """Return a block of code."""
    return f"```{language}\n{text.strip(chr(10))}\n```"


def _page(*blocks: str) -> str:
    return "\n\n".join(filter(None, blocks)) + "\n"


# -- clauses ---------------------------------------------------------------------------------------------------------


def clauses() -> dict[str, str]:
    """Return the pages of all clauses, those of the platforms that ship beside those of the web chat."""
    own = {clause["code"]: clause for clause in json.loads(printed("explain", "--list", "--json"))["clauses"]}
    declared: dict[str, list[tuple[str, Values]]] = {}
    for name in [name for name, _ in platforms_named() if is_declared(name)]:
        for clause in _clauses_of(name):
            declared.setdefault(clause["code"].partition("/")[0], []).append((name, clause))
    codes = [*own, *sorted(declared.keys() - own.keys())]
    return {f"clauses/{code}": _clause(own.get(code), declared.get(code, [])) for code in codes}


def _clauses_of(platform: str) -> list[Values]:
    found: list[Values] = json.loads(printed("explain", "--list", "--platform", platform, "--json"))["clauses"]
    return [clause for clause in found if clause.get("subject") != "provider"]


def _clause(own: Values | None, declared: list[tuple[str, Values]]) -> str:
    if own is None:
        _, first = declared[0]
        code, name = first["code"].partition("/")[0], first["name"]
        return _page(f"# {code} {name}", "A clause for clients of platforms that are declared.", *_declared(declared))
    return _page(f"# {own['code']} {own['name']}", *_own(own), *_declared(declared))


def _own(clause: Values) -> Iterator[str]:
    yield f"{_sentence(clause['statement'])}."
    yield from ("## Why", clause["reason"], "## What to do", "\n".join(f"- {advice}" for advice in clause["advice"]))
    facts = {"exercised": clause["exercised"], "judged": clause.get("judged"), "needs": clause.get("needs")}
    options = ", ".join(clause.get("set_by", ()))
    yield "## When it is judged"
    yield "\n".join(f"- {title}: {words}" for title, words in {**facts, "set by": options}.items() if words)
    if "wrong" in clause:
        yield from ("## A client that breaks it", fenced(clause["wrong"], "python"))
        yield from ("## The same client, mended", fenced(clause["right"], "python"))


def _declared(clauses: list[tuple[str, Values]]) -> Iterator[str]:
    if clauses:
        yield "## On declared platforms"
    for platform, clause in clauses:
        source = f"\n  {clause['level']}: {clause['source']}" if clause.get("source") else ""
        yield f"- `{clause['code']}` of [{platform}](../platforms/{platform}.md): {clause['statement']}.{source}"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


# -- platforms -------------------------------------------------------------------------------------------------------


def platforms_named() -> list[tuple[str, str]]:
    """Return the names and titles of the platforms that ship."""
    return [(one["name"], one["title"]) for one in json.loads(printed("platform", "list", "--json"))["platforms"]]


def platforms() -> dict[str, str]:
    """Return the pages of the platforms that ship."""
    return {f"platforms/{name}": _page(*_platform(name, title)) for name, title in platforms_named()}


def _platform(name: str, title: str) -> Iterator[str]:
    yield f"# {name}: {title}"
    yield fenced(f"dayfly serve --platform {name}\ndayfly verify --platform {name} client.py:factory", "sh")
    yield from ("## Kinds, guards and operations", fenced(printed("platform", "show", name)), "## Clauses for clients")
    for clause in _clauses_of(name):
        source = f"\n  {clause['level']}: {clause['source']}" if clause.get("source") else ""
        page = f"../clauses/{clause['code'].partition('/')[0]}.md"
        yield f"- [{clause['code']} {clause['name']}]({page}): {clause['statement']}.{source}"
    yield from ("## Declaration", fenced(printed("platform", "show", name, "--source"), "yaml"))


# -- commands --------------------------------------------------------------------------------------------------------


def commands() -> dict[str, str]:
    """Return the pages of the commands."""
    context = click.Context(dayfly, info_name="dayfly")
    return {f"commands/{name}": _page(*_command(dayfly.get_command(context, name), context)) for name in COMMANDS}


def _command(command: click.Command | None, parent: click.Context, depth: int = 1) -> Iterator[str]:
    assert command is not None
    context = click.Context(command, parent=parent, info_name=command.name, **command.context_settings)
    yield f"{'#' * depth} {context.command_path}"
    yield fenced(f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}")
    yield from _paragraphs(command.help or "")
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    yield from (f"`{flags}`\n: {' '.join(help.split())}" for flags, help in filter(None, records) if help)
    shape = SHAPES.get(context.command_path.removeprefix("dayfly "))
    if shape is not None:
        yield from ("With `--json` it prints:", fenced(json.dumps(shape, indent=2), "json"))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _command(command.get_command(context, name), context, depth + 1)


def _paragraphs(help: str) -> Iterator[str]:
    """Yield the paragraphs of a command's help; what click leaves as it is becomes a block of code."""
    for paragraph in cleandoc(help).split("\n\n"):
        kept = paragraph.removeprefix("\b\n")
        yield fenced(textwrap.dedent(kept)) if kept != paragraph else paragraph


def index(title: str, words: str, names: Iterable[str]) -> str:
    """Return the page that lists the pages of a folder."""
    listed = "\n".join(name.rpartition("/")[2] for name in names)
    return _page(f"# {title}", words, f"```{{toctree}}\n{listed}\n```")
