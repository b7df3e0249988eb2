"""`dayfly explain`: explains a clause, or the answer to a request."""

from __future__ import annotations

import json
import re
import shutil
import sys
from typing import Any

import click
from msgspec import Struct, to_builtins

from contracts.cli import completing
from contracts.cli.options import SETTINGS, PlatformCommands, admin_token, json_option, platform_option
from contracts.cli.output import say_json, style_for
from contracts.cli.sources import ask, asked, no_mock, without_user
from contracts.stories.exports import DEFAULT_URL, KINDS, is_usable, render
from mockserver.ids import context_in, context_owner

BESIDE = 70
"""Fewest columns for a name and a sentence beside each other."""

ELSEWHERE = "; `dayfly reproduce FILE` explains the answers in a recording"
"""The advice for an answer that no mock gave."""

_PART_OF_ID = re.compile("[0-9a-fA-F-]{8,}")

NARROWEST, WIDEST = 40, 120
"""Fewest and most columns for the explanation of a request."""


class Reproduction(Struct):
    """The smallest story of a refusal, and the scripts of it."""

    story: dict[str, Any]
    scripts: dict[str, str]


@click.command("explain", context_settings=SETTINGS)
@click.argument("subject", metavar="CODE|NAME|CONTEXT_ID", required=False, shell_complete=completing.clauses)
@click.option("--list", "listed", is_flag=True, help="List the clauses.")
@click.option("--url", default=DEFAULT_URL, show_default=True, help="The mock that answered the request.")
@click.option("--journal", metavar="FILE", help="A journal of a declared platform, in place of a running mock.")
@click.option("--emit", "kind", type=click.Choice(list(KINDS)), help="Print the smallest reproduction of the answer instead.")
@admin_token
@json_option
@platform_option
def command(
    subject: str | None,
    listed: bool,
    url: str,
    journal: str | None,
    kind: str | None,
    admin_token: str,
    as_json: bool,
    platform: PlatformCommands,
) -> None:
    """Explain a clause by its code or its name, or an answer by its contextId.

    Every answer of a mock has that id in a header: ININ-Correlation-Id, or Dayfly-Context of a declared platform.
    """
    context_id = context_in(subject or "")
    _check_options(listed and subject is not None, context_id, kind, journal, as_json)
    if listed:
        _list(platform, as_json)
    elif subject is None:
        raise click.UsageError("name a clause or a contextId; --list shows the clauses")
    elif context_id is not None and kind is not None:
        click.echo(_reproduction(context_id, url, journal, kind, admin_token, platform.named), nl=False)
    elif context_id is not None and journal is not None:
        _explain_from(journal, context_id, platform.named, as_json)
    elif context_id is not None:
        _explain_request(context_id, url, admin_token, as_json)
    else:
        _explain_clause(subject.strip(), platform, as_json)


def _check_options(both: bool, context_id: str | None, kind: str | None, journal: str | None, as_json: bool) -> None:
    """Raise UsageError for options that do not go together."""
    if both:
        raise click.UsageError("--list cannot be combined with a clause or a contextId")
    if context_id is None and (kind is not None or journal is not None):
        raise click.UsageError("--emit and --journal are for the contextId of an answer")
    if kind is not None and as_json:
        raise click.UsageError("--emit cannot be combined with --json")


def _list(platform: PlatformCommands, as_json: bool) -> None:
    from contracts.report.describe import document

    clauses = platform.judged.demands
    if as_json:
        say_json({"clauses": [document(clause) for clause in clauses]})
        return
    style, width = style_for(sys.stdout), max(4, *(len(clause.code) + 1 for clause in clauses))
    for clause in clauses:
        name, statement = f"{clause.code:<{width}}{clause.name:<24}", f"the {clause.subject} must {clause.statement}"
        told = style.hang(name, statement) if style.columns >= BESIDE else [name.rstrip(), *style.hang("    ", statement)]
        click.echo("\n".join(told))


def _explain_clause(code_or_name: str, platform: PlatformCommands, as_json: bool) -> None:
    from contracts.judge.selection import select_from
    from contracts.report.describe import describe, document

    if _PART_OF_ID.fullmatch(code_or_name):
        raise click.ClickException(f"{code_or_name!r} is not a whole contextId; copy all 36 characters of it")
    found = platform.clauses_named(code_or_name)
    chosen = {name: select_from(clauses, (code_or_name,)) for name, clauses in found.items()}
    if as_json:
        say_json({"clauses": [document(clause) for clauses in chosen.values() for clause in clauses]})
        return
    for name, clauses in chosen.items():
        said = "\n".join(describe(clause, style_for(sys.stdout)) for clause in clauses)
        click.echo(said if name == platform.named else f"on the platform {name}:\n{said}", nl=False, color=True)


def _reproduction(context_id: str, url: str, journal: str | None, kind: str, admin_token: str, platform: str) -> str:
    """Return the smallest story that is refused as a request was, as a script. Raises ClickException if there is none."""
    from contracts.cli.declared import reproduced_from

    address = url.rstrip("/")
    if kind != "json" and without_user(url) != url:
        problem = "a script carries no user and no password, because each of its requests has its own Authorization"
        raise click.UsageError(f"{problem}; give --url {without_user(address)}, or --emit json")
    if kind != "json" and not is_usable(address):
        problem = f"a script cannot address {url}; give --url http://HOST[:PORT][/PATH], or --emit json"
        raise click.UsageError(problem)
    if journal is not None:
        return render(reproduced_from(journal, context_id, platform), kind, address)
    place = f"/__admin/organizations/{context_owner(context_id)}/requests/{context_id}/reproduce"
    made = asked(Reproduction, url, place, admin_token, None if kind == "json" else {"url": address})
    return json.dumps(made.story, indent=2) + "\n" if kind == "json" else made.scripts[kind]


def _explain_from(journal: str, context_id: str, platform: str, as_json: bool) -> None:
    from contracts.cli.declared import explanation_from

    told = explanation_from(journal, context_id, platform)
    if as_json:
        say_json(to_builtins(told))
    else:
        click.echo(told.to_text(_width()), nl=False)


def _explain_request(context_id: str, url: str, admin_token: str, as_json: bool) -> None:
    path = f"/__admin/requests/{context_id}/explain"
    query = {"format": "json" if as_json else "text", "width": str(_width())}
    told = ask(url, path, admin_token, query, otherwise=ELSEWHERE).text
    if (f'"context_id":"{context_id}"' if as_json else f"contextId {context_id}") not in told:
        raise no_mock(url, f"{path} has no explanation", ELSEWHERE)
    click.echo(told.rstrip("\n"))


def _width() -> int:
    return min(max(NARROWEST, shutil.get_terminal_size((80, 24)).columns), WIDEST)
