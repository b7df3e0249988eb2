"""What a shell offers where an option or argument is typed: clauses, kinds of reports, files. Loaded when a key is pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click
    from click.shell_completion import CompletionItem


def clauses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The codes of the clauses that begin as what is typed, whatever its case, and their names."""
    from click.shell_completion import CompletionItem

    from contracts.clauses import CLAUSES, DEMANDS

    offered = CLAUSES if param.name == "clauses" else DEMANDS
    return [CompletionItem(clause.code, help=clause.name) for clause in offered if clause.code.startswith(incomplete.upper())]


def reports(ctx: click.Context, param: click.Parameter, incomplete: str, *, kinds: Sequence[str]) -> list[CompletionItem[str]]:
    """``html:`` and its like, and files once a kind is typed."""
    from click.shell_completion import CompletionItem

    if ":" in incomplete:
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(f"{kind}:") for kind in kinds if kind.startswith(incomplete)]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Files, where an argument may be one."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def stories(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The names of the stories that begin as what is typed, with their titles; files where none does."""
    from click.shell_completion import CompletionItem

    from contracts.stories import library

    near = [name for name in library.names() if name.startswith(incomplete)]
    offered = [CompletionItem(name, help=library.find(name).title) for name in near]
    return offered or [CompletionItem(incomplete, type="file")]
