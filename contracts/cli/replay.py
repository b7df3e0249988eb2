"""`dayfly replay`: puts a client through one scenario file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from msgspec import DecodeError, ValidationError
from msgspec.structs import replace

from contracts.cli.leftovers import nothing_left_running
from contracts.cli.options import SETTINGS, ClientChoice, chosen, client_options, contract_options, report_options
from contracts.cli.options import platform as platform_option
from contracts.cli.output import Destination, check_emit, clients_print_to_stderr, tell
from contracts.errors import ScenarioError
from contracts.judge import Parameters
from contracts.report.exports import curl, pytest
from contracts.report.exports.pytest import Client
from contracts.report.model import ClauseResult, Report

if TYPE_CHECKING:
    from contracts.clients.base import Clients
    from contracts.verify.declared import PlatformSource
    from contracts.verify.subject import Subject

S = TypeVar("S")

EXPORTS = ("pytest", "curl")


@click.command("replay", context_settings=SETTINGS)
@click.argument("file", metavar="SCENARIO.json", type=click.Path(path_type=Path))
@client_options
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, help="Number of runs.")
@click.option(
    "--emit", type=click.Choice(EXPORTS), help="Write the first violation to standard output as a file that runs by itself."
)
@platform_option
@contract_options
@report_options
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    choice: ClientChoice,
    times: int,
    emit: str | None,
    platform: str,
    clauses: tuple[str, ...],
    contract: Parameters,
    destinations: Sequence[Destination],
    as_json: bool,
    strict: bool,
) -> None:
    """Put a client through one scenario file and judge it.

    With --emit, write the first violation to standard output as a file. It is a pytest file that fails while the client
    violates the clause, or a script of curl commands that makes the same requests. The exit status is then 0, or 2 if nothing
    was violated.
    """
    from contracts.cli.declared import declaration
    from contracts.protocol import scenario as steps
    from contracts.scenario import load
    from contracts.verify import Options, replay

    check_emit(emit, destinations, as_json)
    declared = declaration(platform, context)
    options = Options(clauses=clauses, parameters=replace(contract, one_shot=choice.one_shot))

    def run(client: Subject, clients: Clients) -> tuple[Subject, Report]:
        if declared is not None:
            read = _load(file, steps.load, load, "the web chat; leave out --platform")
            return client, declared.replay(client.name, clients, read, options, times)
        scenario = _load(file, load, steps.load, "a declared platform; add --platform")
        return client, replay(client.name, clients, scenario, options, times)

    with nothing_left_running(), clients_print_to_stderr():
        client, report = chosen(choice, None if declared is None else declared.methods).driven(run)
    report = _from(file, replace(report, replay_with=client.typed))
    if emit is None:
        tell(report, destinations, as_json=as_json)
        context.exit(report.exit_status(strict=strict))
    is_command = choice.command is not None
    as_driven = Client(client.name, is_command, **client.flags, socket=choice.socket, patience=choice.patience)
    export = _export(emit, report, as_driven, options.parameters, declared)
    click.echo(export, nl=False)
    tell(report, destinations, as_json=as_json, aside=True)


def _load(file: Path, own: Callable[[Path], S], other: Callable[[Path], object], hint: str) -> S:
    """Read a scenario. Raises ScenarioError, or ClickException with a hint for one of the other kind."""
    try:
        return own(file)
    except ScenarioError as error:
        with suppress(ScenarioError):
            other(file)
            raise click.ClickException(f"{file}: this is a scenario of {hint}") from None
        if isinstance(error.__cause__, DecodeError) and not isinstance(error.__cause__, ValidationError):
            wanted = "give a scenario file, as `dayfly verify --corpus DIR` saves one for each finding"
            raise click.ClickException(f"{error}; {wanted}") from error
        raise


def _from(file: Path, report: Report) -> Report:
    """Return the report with `file` as the file of each counterexample."""
    clauses = tuple(
        result
        if result.counterexample is None
        else replace(result, counterexample=replace(result.counterexample, file=str(file)))
        for result in report.clauses
    )
    return replace(report, clauses=clauses)


def _export(kind: str, report: Report, client: Client, parameters: Parameters, declared: PlatformSource | None = None) -> str:
    """Return the first violation as a file. Raise ClickException if there is none."""
    if not report.violated:
        raise click.ClickException(f"{report.target} violates no clause in this scenario, so there is nothing to write")
    result = report.violated[0]
    if kind == "pytest":
        return pytest.render(result, client, parameters, report.platform)
    return curl.render(result) if declared is None else _calls(result, declared)


def _calls(result: ClauseResult, declared: PlatformSource) -> str:
    """Return what the client of a declared platform did as a script."""
    from contracts.protocol.course import CourseOfRun
    from contracts.protocol.scenario import DeclaredScenario
    from contracts.replay.calls import story_of
    from contracts.replay.minimize.declared import UNDER_POLICY
    from contracts.stories.exports import render

    found = result.counterexample
    assert found is not None
    assert isinstance(found.course, CourseOfRun)
    title = f"{result.code} {result.name}: {found.message}"
    assert isinstance(found.scenario, DeclaredScenario)
    platform = declared.compile(found.scenario.policy)
    story = story_of(platform, found.course.trace, declared.named, title)
    return render(replace(story, notes=(UNDER_POLICY,)) if found.scenario.policy else story, "curl")
