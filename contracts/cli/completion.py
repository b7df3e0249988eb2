"""`dayfly completion`: prints the shell completion script."""

from __future__ import annotations

import os
from pathlib import PurePath

import click

from contracts.cli.options import SETTINGS, json_option
from contracts.cli.output import say_json

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", context_settings=SETTINGS)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@json_option
@click.pass_context
def command(context: click.Context, shell: str | None, as_json: bool) -> None:
    """Print the shell completion script. SHELL defaults to the shell you are in.

    \b
    bash   add to ~/.bashrc:   eval "$(dayfly completion bash)"
    zsh    add to ~/.zshrc:    eval "$(dayfly completion zsh)"
    fish   dayfly completion fish > ~/.config/fish/completions/dayfly.fish
    """
    from click.shell_completion import get_completion_class

    named = shell or _own_shell()
    maker = get_completion_class(named)
    assert maker is not None  # SHELLS lists only shells that click knows
    script = maker(context.find_root().command, {}, "dayfly", "_DAYFLY_COMPLETE").source()
    if as_json:
        say_json({"shell": named, "script": script})
    else:
        click.echo(script, nl=False)


def _own_shell() -> str:
    name = PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise click.UsageError(f"name your shell: {', '.join(SHELLS)}")
    return name
