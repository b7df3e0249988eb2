"""Violations that are known: a TOML file says which, and why they are borne with.

Such a clause does not fail a run, so that the others can guard a client that is not right yet. Where it holds, the run fails:
an exception that has outlived its cause would hide the next mistake.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from contracts.clauses import CLAUSES
from contracts.errors import ContractsError
from contracts.report.model import ClauseResult, Expectation
from contracts.verify.errors import UnknownClause
from contracts.verify.names import from_root

VERSION = 1

MAX_BYTES = 1 << 20
"""Longest file of expected failures, in bytes."""


class ExpectedFailuresError(ContractsError):
    """A file of expected failures cannot be used; the text names the file, and the line or the key that is wrong."""


class ExpectedFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """That clients whose name matches `client` (`*` and `?` as in file names; files from the working directory) violate
    `clause`, and the reason to bear with it.

    Not `strict`: no complaint where the clause holds, as it may where a violation is rare.
    """

    clause: str
    reason: Annotated[str, Meta(min_length=1)]
    client: Annotated[str, Meta(min_length=1)] = "*"
    strict: bool = True


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    failure: tuple[ExpectedFailure, ...] = ()


class ExpectedFailures(Struct, frozen=True):
    """What is known, and the file that says so."""

    failures: tuple[ExpectedFailure, ...] = ()
    source: str = ""

    def lenient(self) -> ExpectedFailures:
        """The same where one history is judged, which says nothing of what others would show: each may hold in it."""
        return replace(self, failures=tuple(replace(one, strict=False) for one in self.failures))


NOTHING = ExpectedFailures()


def load(path: Path) -> ExpectedFailures:
    """Reads a file. Raises ExpectedFailuresError."""
    content = _toml(path)
    if "version" not in content:
        raise ExpectedFailuresError(f"{path}: has no version; write `version = {VERSION}` in its first line")
    if content["version"] != VERSION:
        raise ExpectedFailuresError(f"{path}: version {content['version']!r} is not known here (this is {VERSION})")
    try:
        file = msgspec.convert(content, _File)
    except msgspec.ValidationError as error:
        raise ExpectedFailuresError(f"{path}: {error}") from error
    return _checked(file.failure, str(path))


def named(reasons: Mapping[str, str]) -> ExpectedFailures:
    """The same from reasons by clause. Raises ExpectedFailuresError."""
    return _checked(tuple(ExpectedFailure(clause, reason) for clause, reason in reasons.items()), "")


def expecting(results: Iterable[ClauseResult], target: str, known: ExpectedFailures) -> tuple[ClauseResult, ...]:
    """The results, with what is known of `target`; of several that match a clause the first counts."""
    names = {target, from_root(target, Path.cwd())}
    expected: dict[str, Expectation] = {}
    for one in known.failures:
        if any(fnmatchcase(name, one.client) for name in names):
            expected.setdefault(one.clause.upper(), Expectation(one.reason, known.source, one.strict))
    return tuple(replace(result, expected=expected.get(result.code)) for result in results)


def _toml(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ExpectedFailuresError(f"{path}: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise ExpectedFailuresError(f"{path}: longer than {MAX_BYTES} bytes; is this a file of expected failures?")
    try:
        return tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExpectedFailuresError(f"{path}: not TOML: {error}") from error


def _checked(failures: tuple[ExpectedFailure, ...], source: str) -> ExpectedFailures:
    """`failures`, where each clause exists and none is named twice for the same clients."""
    codes = [clause.code for clause in CLAUSES]
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(failures):
        place = f"{source or 'expected failures'}: $.failure[{number}]"
        if one.clause.upper() not in codes:
            raise ExpectedFailuresError(f"{place}.clause: {UnknownClause(one.clause, codes)}")
        if (one.clause.upper(), one.client) in seen:
            raise ExpectedFailuresError(f"{place}: {one.clause} is named twice for {one.client!r}")
        seen.add((one.clause.upper(), one.client))
    return ExpectedFailures(failures, source)
