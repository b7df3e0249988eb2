"""Options that say what a client is held to become the contract's parameters."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from contracts.cli.judging_options import contract_options
from contracts.judge import DEFAULTS, Parameters


@click.command()
@contract_options
def command(contract: Parameters, clauses: tuple[str, ...]) -> None:
    """Print what it is given."""
    click.echo(repr(contract))


@pytest.mark.parametrize(
    ("typed", "parameters"),
    [
        ("", DEFAULTS),
        ("--max-age off", Parameters(max_age=float("inf"))),
        ("--max-age 12.5", Parameters(max_age=12.5)),
        ("--min-attempts 1 --max-attempts 9", Parameters(min_attempts=1, max_attempts=9)),
        ("--max-wait 30 --min-pause 0 --token-margin 60", Parameters(max_wait=30.0, min_pause=0.0, token_margin=60.0)),
    ],
)
def test_an_option_sets_its_demand(typed: str, parameters: Parameters) -> None:
    assert CliRunner().invoke(command, typed.split()).output.strip() == repr(parameters)


@pytest.mark.parametrize("typed", ["--max-age never", "--max-age inf", "--max-age -1", "--min-pause nan"])
def test_what_is_not_a_number_of_seconds_is_refused(typed: str) -> None:
    assert CliRunner().invoke(command, typed.split()).exit_code == 2
