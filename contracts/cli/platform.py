"""`dayfly platform`: platforms as data."""

from __future__ import annotations

import click

from contracts.cli.options import SETTINGS


@click.group("platform", context_settings=SETTINGS)
def command() -> None:
    """List, show and check platforms: OpenAPI documents with x-lifecycle."""


@command.command("list", context_settings=SETTINGS)
def list_() -> None:
    """List the platforms that come with dayfly."""
    from mockserver.platform import compile_platform, find, names

    for name in names():
        click.echo(f"{name:<10}{compile_platform(find(name), name=name).title}")


@command.command("show", context_settings=SETTINGS)
@click.argument("platform", metavar="NAME|FILE")
@click.option("--diagram", metavar="KIND", help="Print the states of a kind as a Mermaid diagram.")
@click.option("--source", is_flag=True, help="Print the declaration itself.")
def show(platform: str, diagram: str | None, source: bool) -> None:
    """Print a platform's kinds, guards and operations."""
    from mockserver.errors import NotFound
    from mockserver.platform import compile_platform, find
    from mockserver.platform.errors import suggestion
    from mockserver.platform.show import diagram as drawn
    from mockserver.platform.show import show as shown

    path = find(platform)
    if source:
        click.echo(path.read_text("utf-8"), nl=False)
        return
    compiled = compile_platform(path)
    if diagram is None:
        click.echo(shown(compiled), nl=False)
        return
    if diagram not in compiled.kinds:
        raise NotFound("kind", diagram, suggestion(diagram, compiled.kinds))
    click.echo(drawn(compiled.kinds[diagram]), nl=False)


@command.command("check", context_settings=SETTINGS)
@click.argument("file", metavar="FILE")
def check(file: str) -> None:
    """Check a declaration. An error names the line, the mistake and the correction."""
    from contracts.protocol.rules import demands
    from mockserver.platform import compile_platform, find

    compiled = compile_platform(find(file))
    kinds, operations = len(compiled.kinds), len(compiled.operations)
    click.echo(f"{file}: right; {kinds} kinds, {operations} operations, {len(demands(compiled))} clauses for clients")


@command.command("new", context_settings=SETTINGS)
@click.option("--from", "document", metavar="OPENAPI", required=True, help="An OpenAPI document, in YAML or JSON.")
def new(document: str) -> None:
    """Propose a declaration for an OpenAPI document, on standard output. Confirm its guesses before you use it."""
    from mockserver.platform.guess import propose

    click.echo(propose(document), nl=False)


@command.command("schema", context_settings=SETTINGS)
def schema() -> None:
    """Print the JSON Schema of x-lifecycle and x-effects."""
    import json

    from mockserver.platform.declaration import schema as published

    click.echo(json.dumps(published(), indent=2))
