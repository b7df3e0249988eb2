"""A newcomer's first view of the tool: `dayfly demo`, as a command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from contracts import cli
from contracts.cli import demo
from contracts.report.cells import width

pytestmark = pytest.mark.slow

PATIENCE = 120
"""Seconds after which it is taken to hang, on a machine with other things to do."""


COMMAND = ("-m", "contracts.cli", "demo")
BRIEF = ("-c", "import sys; from contracts.cli import demo, run; demo.EXAMPLES = 0; sys.exit(run(['demo']))")
"""Shows the same of fewer scenarios."""


def run(command: Sequence[str] = COMMAND, **environment: str) -> str:
    """Return the command's output after it has succeeded."""
    surroundings = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    surroundings |= {"COLUMNS": "120", "PYTHONIOENCODING": "utf-8", **environment}
    ran = subprocess.run([sys.executable, *command], check=False, env=surroundings, capture_output=True, timeout=PATIENCE)
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout.decode(surroundings["PYTHONIOENCODING"])


@pytest.fixture(scope="module")
def printed() -> str:
    return run()


def test_it_shows_a_refusal_and_tells_why(printed: str) -> None:
    refusal, _, _ = printed.partition("2. A client")
    assert '>   "text": "Welcome back"' in refusal
    assert "< HTTP/1.1 403 Forbidden" in refusal
    assert '<   "code": "not.authorized",' in refusal
    assert "The session was used up by an earlier message" in refusal
    assert "What to do" in refusal


def test_it_finds_the_caching_clients_smallest_counterexample(printed: str) -> None:
    caching = printed.partition("2. A client")[2].partition("3. A client")[0]
    assert "error[S1] session-reused: session s1 was used twice" in caching
    assert "smallest failing scenario (2 messages, 2 steps" in caching
    assert "D2 not-delivered" in caching


def test_it_finds_nothing_against_the_recovering_client(printed: str) -> None:
    recovering = printed.partition("3. A client")[2]
    assert " held" in recovering
    assert "violated" not in recovering


def test_it_fits_eighty_columns_and_is_plain_where_nobody_asks_for_colour(printed: str) -> None:
    assert [line for line in printed.splitlines() if width(line) > demo.WIDTH] == []
    assert "\x1b" not in printed


def test_it_takes_colour_where_it_is_forced_and_plain_letters_where_there_are_no_others() -> None:
    assert "\x1b[" in run(BRIEF, FORCE_COLOR="1", PYTHONIOENCODING="ascii")


def test_it_says_so_where_something_does_not_come_out_as_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for step, came_out in (("_refusal", True), ("_caching_client", False), ("_recovering_client", True)):
        monkeypatch.setattr(demo, step, lambda style, came_out=came_out: came_out)
    assert cli.run(["demo"]) == 2
    assert "did not end as expected" in capsys.readouterr().err
