"""`dayfly completion`: prints the shell completion script."""

from __future__ import annotations

import os
from pathlib import PurePath

import click

from contracts.cli.options import SETTINGS

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", context_settings=SETTINGS)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def command(context: click.Context, shell: str | None) -> None:
    """Print the shell completion script. SHELL defaults to the shell you are in.

    \b
    bash   add to ~/.bashrc:   eval "$(dayfly completion bash)"
    zsh    add to ~/.zshrc:    eval "$(dayfly completion zsh)"
    fish   dayfly completion fish > ~/.config/fish/completions/dayfly.fish
    """
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell or _own_shell())
    assert maker is not None  # SHELLS lists only shells that click knows
    click.echo(maker(context.find_root().command, {}, "dayfly", "_DAYFLY_COMPLETE").source(), nl=False)


def _own_shell() -> str:
    name = PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise click.UsageError(f"name your shell: {', '.join(SHELLS)}")
    return name
