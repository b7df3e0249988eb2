"""Values that a shell proposes for arguments and options: clauses, kinds of report, files. Imported only for completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click
    from click.shell_completion import CompletionItem


def clauses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the codes of clauses that begin with what is typed, in either case, with their names."""
    from click.shell_completion import CompletionItem

    from contracts.clauses import CLAUSES, DEMANDS

    offered = CLAUSES if param.name == "clauses" else DEMANDS
    return [CompletionItem(clause.code, help=clause.name) for clause in offered if clause.code.startswith(incomplete.upper())]


def reports(ctx: click.Context, param: click.Parameter, incomplete: str, *, kinds: Sequence[str]) -> list[CompletionItem[str]]:
    """Return prefixes such as ``html:``; after one of them, files."""
    from click.shell_completion import CompletionItem

    if ":" in incomplete:
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(f"{kind}:") for kind in kinds if kind.startswith(incomplete)]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Propose files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def stories(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return names of stories that begin with what is typed, with their titles; files if there are none."""
    from click.shell_completion import CompletionItem

    from contracts.stories import library

    near = [name for name in library.names() if name.startswith(incomplete)]
    offered = [CompletionItem(name, help=library.find(name).title) for name in near]
    return offered or [CompletionItem(incomplete, type="file")]
