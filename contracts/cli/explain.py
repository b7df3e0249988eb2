"""`dayfly explain`: explains a clause, or the answer to a request."""

from __future__ import annotations

import re
import shutil
import sys

import click

from contracts.cli import completing
from contracts.cli.options import SETTINGS, admin_token
from contracts.cli.options import platform as platform_option
from contracts.cli.sources import DEFAULT_URL, ask
from mockserver.ids import context_in

BESIDE = 70
"""Fewest columns for a name and a sentence beside each other."""

_PART_OF_ID = re.compile("[0-9a-fA-F-]{8,}")

NARROWEST, WIDEST = 40, 120
"""Fewest and most columns for the explanation of a request."""


@click.command("explain", context_settings=SETTINGS)
@click.argument("subject", metavar="CODE|NAME|CONTEXT_ID", required=False, shell_complete=completing.clauses)
@click.option("--list", "listed", is_flag=True, help="List the clauses.")
@click.option("--url", default=DEFAULT_URL, show_default=True, help="The mock that answered the request.")
@admin_token
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output; for a request.")
@platform_option
def command(subject: str | None, listed: bool, url: str, admin_token: str, as_json: bool, platform: str) -> None:
    """Explain a clause by its code or its name, or an answer by its contextId (also in the header ININ-Correlation-Id)."""
    context_id = context_in(subject or "")
    if listed and subject is not None:
        raise click.UsageError("--list cannot be combined with a clause or a contextId")
    if as_json and context_id is None:
        raise click.UsageError("--json needs a contextId: clauses are explained as text only")
    if listed:
        _list()
    elif subject is None:
        raise click.UsageError("name a clause or a contextId; --list shows the clauses")
    elif context_id is not None:
        _explain_request(context_id, url, admin_token, as_json)
    else:
        _explain_clause(subject.strip(), platform)


def _list() -> None:
    from contracts.clauses import DEMANDS
    from contracts.cli.console import style_for

    style = style_for(sys.stdout)
    for clause in DEMANDS:
        name, statement = f"{clause.code:<4}{clause.name:<24}", f"the {clause.subject} must {clause.statement}"
        told = style.hang(name, statement) if style.columns >= BESIDE else [name.rstrip(), *style.hang("    ", statement)]
        click.echo("\n".join(told))


def _explain_clause(code_or_name: str, platform: str) -> None:
    from contracts.cli import declared

    if declared.is_declared(platform):
        click.echo(declared.explain(platform, code_or_name), nl=False)
    elif _is_of_the_web_chat(code_or_name) or not (told := declared.explain_anywhere(code_or_name)):
        if "/" in code_or_name:
            raise click.UsageError(f"{code_or_name} is a clause of a declared platform: name that with --platform NAME|FILE")
        _explain_clause_of_the_web_chat(code_or_name)
    else:
        click.echo(told, nl=False)


def _is_of_the_web_chat(code_or_name: str) -> bool:
    from contracts.clauses import DEMANDS

    return any(code_or_name in {clause.code, clause.name} for clause in DEMANDS)


def _explain_clause_of_the_web_chat(code_or_name: str) -> None:
    from contracts.clauses import DEMANDS
    from contracts.cli.console import style_for
    from contracts.report.describe import describe
    from contracts.verify import select_from

    if _PART_OF_ID.fullmatch(code_or_name):
        raise click.ClickException(f"{code_or_name!r} is not a whole contextId; copy all 36 characters of it")
    (clause,) = select_from(DEMANDS, (code_or_name,))
    click.echo(describe(clause, style_for(sys.stdout)), nl=False, color=True)


def _explain_request(context_id: str, url: str, admin_token: str, as_json: bool) -> None:
    kind = "json" if as_json else "text"
    width = min(max(NARROWEST, shutil.get_terminal_size((80, 24)).columns), WIDEST)
    answer = ask(url, f"/__admin/requests/{context_id}/explain?format={kind}&width={width}", admin_token)
    click.echo(answer.text.rstrip("\n"))
