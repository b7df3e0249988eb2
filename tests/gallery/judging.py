"""Verifies one client of the gallery."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from contracts.clients.base import Clients
from contracts.clients.command import command_clients
from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.judge import Parameters
from contracts.profiles import Extent
from contracts.report.model import Counterexample, Report
from contracts.scenario import encode
from contracts.verify import Options, verify
from tests.gallery import built
from tests.gallery.catalogue import ROOT, Piece
from tests.need import need

THOROUGH = 500
"""Scenarios drawn for a client that keeps every clause."""


class Story(Struct, frozen=True):
    """The size of a counterexample. It is `minimal` if no step can be left out. `scenario` is a file to replay."""

    intents: int
    minimal: bool
    scenario: str = ""


class Finding(Struct, frozen=True):
    """The result of one verification: the broken clauses, and the inconclusive ones.

    `failed` is the reason if it broke off without a result.
    """

    broken: dict[str, Story]
    inconclusive: tuple[str, ...] = ()
    runs: int = 0
    seconds: float = 0
    seed: int = 0
    failed: str = ""


def judge(
    piece: Piece, seed: int, examples: int | None = None, patience: float | None = None, walk: Extent | None = None
) -> Finding:
    """Verify the client as `dayfly verify` does. Skips the test if something it needs is missing."""
    _provide(piece.needs)
    options = Options(seed=seed, examples=examples, walk=walk, parameters=Parameters(one_shot=piece.one_shot))
    return _finding(verify(piece.name, _clients(piece, patience), options), seed)


def attempt(piece: Piece, examples: int | None, seed: int) -> Finding | str:
    """Return the result of a verification, or why it was not possible.

    Correct clients are tried for longer if that is cheap.
    """
    if examples is None and piece.room == "correct" and piece.is_in_process and piece.shipped:
        examples = THOROUGH
    try:
        return judge(piece, seed, examples)
    except pytest.skip.Exception as skipped:
        return f"not run: {skipped}"
    except Exception as error:
        return Finding({}, seed=seed, failed=f"{type(error).__name__}: {error}")


def silence() -> None:
    """Discard what clients write to standard error."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())


def _finding(report: Report, seed: int) -> Finding:
    broken = {clause.code: _story(clause.counterexample) for clause in report.clauses if clause.counterexample is not None}
    doubtful = tuple(clause.code for clause in report.clauses if clause.status == "inconclusive")
    return Finding(broken, doubtful, report.examples or 0, report.elapsed_s, seed)


def _story(found: Counterexample) -> Story:
    assert found.scenario is not None
    return Story(found.scenario.intents, bool(found.minimal), encode(found.scenario).decode())


def _clients(piece: Piece, patience: float | None) -> Clients:
    patience = patience or piece.patience
    given: dict[str, Any] = {} if patience is None else {"patience": patience}
    if piece.command:
        return command_clients(started(piece), one_shot=piece.one_shot, **given)
    return PythonClients(find(piece.client), socket=piece.socket, **given)


def started(piece: Piece) -> str:
    """Return the command that starts the client; one in a compiled language is built first."""
    if piece.is_compiled:
        return built.command(ROOT / piece.command, piece.needs)
    return shlex.join(sys.executable if word == "python" else word for word in shlex.split(piece.command))


def _provide(what: str) -> None:
    if what == "sdk":
        _provide_sdk()
    elif what == "npm":
        _provide_node_stacks()
    elif what:
        need(what)


def _provide_node_stacks() -> None:
    """Names the folder of the packages to the clients."""
    from tests.functional.sdk.installed import node_stacks

    need("node")
    os.environ["GALLERY_NODE_MODULES"] = str(node_stacks())


@cache
def _provide_sdk() -> tempfile.TemporaryDirectory[str]:
    """Makes the official Python SDK importable; it watches the home directory and all below, so that is an empty one."""
    from tests.functional.sdk.installed import python_sdk

    folder = str(python_sdk())
    if folder not in sys.path:
        sys.path.append(folder)
    home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    os.environ.update(HOME=home.name, NO_PROXY="*")
    return home
