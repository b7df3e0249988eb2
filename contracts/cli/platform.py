"""`dayfly platform`: platforms as data."""

from __future__ import annotations

import click

from contracts.cli.options import SETTINGS, json_option
from contracts.cli.output import say_json


@click.group("platform", context_settings=SETTINGS)
def command() -> None:
    """List, show and check platforms: OpenAPI documents with x-lifecycle."""


@command.command("list", context_settings=SETTINGS)
@json_option
def list_(as_json: bool) -> None:
    """List the platforms that come with dayfly."""
    from mockserver.platform import compile_platform, find, names

    titles = {name: compile_platform(find(name), name=name).title for name in names()}
    if as_json:
        say_json({"platforms": [{"name": name, "title": title} for name, title in titles.items()]})
        return
    for name, title in titles.items():
        click.echo(f"{name:<10}{title}")


@command.command("show", context_settings=SETTINGS)
@click.argument("platform", metavar="NAME|FILE")
@click.option("--diagram", metavar="KIND", help="Print the states of a kind as a Mermaid diagram.")
@click.option("--source", is_flag=True, help="Print the declaration itself.")
@json_option
def show(platform: str, diagram: str | None, source: bool, as_json: bool) -> None:
    """Print a platform's kinds, guards and operations, and the clauses for its clients."""
    from textwrap import indent

    from contracts.cli.declared import worded
    from contracts.protocol.rules import demands
    from mockserver.errors import NotFound, suggestion
    from mockserver.platform import compile_platform, find
    from mockserver.platform.library import is_declared
    from mockserver.platform.show import diagram as drawn
    from mockserver.platform.show import document
    from mockserver.platform.show import show as shown

    if as_json and (source or diagram is not None):
        raise click.UsageError("--json cannot be combined with --diagram or --source")
    path = find(platform)
    if source:
        click.echo(path.read_text("utf-8"), nl=False)
        return
    compiled = compile_platform(path)
    if as_json:
        say_json(document(compiled))
        return
    if diagram is None:
        click.echo(shown(compiled), nl=False)
        if is_declared(platform):
            click.echo(f"\nclauses for clients\n{indent(worded(demands(compiled)), '  ')}", nl=False)
        return
    if diagram not in compiled.kinds:
        raise NotFound("kind", diagram, suggestion(diagram, compiled.kinds))
    click.echo(drawn(compiled.kinds[diagram]), nl=False)


@command.command("check", context_settings=SETTINGS)
@click.argument("file", metavar="FILE")
@json_option
def check(file: str, as_json: bool) -> None:
    """Check a declaration. An error names the line, the mistake and the correction."""
    from contracts.protocol.providers import unfit
    from contracts.protocol.rules import demands
    from mockserver.explain.words import plural
    from mockserver.platform import compile_platform, find

    compiled = compile_platform(find(file))
    warnings = unfit(compiled)
    kinds, operations = list(compiled.kinds), list(compiled.operations)
    clauses = [demand.code for demand in demands(compiled)]
    if as_json:
        say_json({"file": file, "kinds": kinds, "operations": operations, "clauses": clauses, "warnings": warnings})
        return
    for warning in warnings:
        click.echo(f"Warning: the mock of this declaration does not do what that says: {warning}.", err=True)
    counts = (plural(len(kinds), "kind"), plural(len(operations), "operation"), plural(len(clauses), "clause"))
    click.echo(f"{file}: right; {', '.join(counts)} for clients")


@command.command("new", context_settings=SETTINGS)
@click.option(
    "--from",
    "document",
    metavar="OPENAPI",
    type=click.Path(exists=True, dir_okay=False),
    required=True,
    help="An OpenAPI document, in YAML or JSON.",
)
@click.option("--overlay", is_flag=True, help="Propose an overlay, which leaves the document as it is.")
@json_option
def new(document: str, overlay: bool, as_json: bool) -> None:
    """Propose a declaration for an OpenAPI document, on standard output. Confirm its guesses before you use it."""
    from mockserver.platform.guess import propose
    from mockserver.platform.proposal import as_declaration, as_overlay

    proposed = (as_overlay if overlay else as_declaration)(propose(document))
    if as_json:
        say_json({"declaration": proposed})
    else:
        click.echo(proposed, nl=False)


@command.command("schema", context_settings=SETTINGS)
@click.option("--json", is_flag=True, expose_value=False, help="Changes nothing: the schema is JSON.")
def schema() -> None:
    """Print the JSON Schema of x-lifecycle and x-effects."""
    from mockserver.platform.words import schema as published

    say_json(published())
