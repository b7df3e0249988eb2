"""`dayfly shim`: for authors of shims."""

from __future__ import annotations

import click

from contracts.cli.options import SETTINGS, Whole, json_option


@click.group("shim", context_settings=SETTINGS)
def command() -> None:
    """Check what takes a runtime into virtual time."""


@command.command("check", context_settings={**SETTINGS, "ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...")
@click.option("--tries", type=Whole(min=1), default=20, metavar="N", help="How often work must not look idle.")
@click.option("--patience", type=click.FloatRange(min=0, min_open=True), default=10.0, metavar="S", help="How long to wait.")
@json_option
@click.pass_context
def check(context: click.Context, words: tuple[str, ...], tries: int, patience: float, as_json: bool) -> None:
    """Check whether a shim keeps to the protocol of virtual time.

    COMMAND starts a program in the shim's runtime that does the exercises, as fixtures/shims/exercises.py does. Write --
    before it.
    """
    import msgspec

    from contracts.cli.output import say_json
    from contracts.clients.conformance.checks import CheckResult, run

    results: list[CheckResult] = []
    try:
        for result in run(words, tries, patience):
            results.append(result)
            if not as_json:
                _tell(result)
    except OSError as error:
        raise click.ClickException(f"no socket can be made for the process ({error}), and virtual time needs one") from error
    violated = sum(result.verdict == "violated" for result in results)
    if as_json:
        say_json({"held": not violated, "checks": msgspec.to_builtins(results)})
    else:
        click.echo(f"\n{len(results) - violated} held" + (f", {violated} violated" if violated else ""))
    context.exit(int(bool(violated)))


def _tell(result: object) -> None:
    from contracts.clients.conformance.checks import CheckResult
    from contracts.report.cells import clean

    assert isinstance(result, CheckResult)
    click.echo(f"{result.check:<11}{result.verdict:<10}{result.rule}")
    if result.verdict == "violated":
        click.echo(f"{'':11}= seen: {clean(result.seen)}\n{'':11}= help: {result.advice}")
