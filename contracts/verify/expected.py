"""Expected failures: a TOML file lists the clauses that are known to be violated, with reasons.

Such a clause does not fail a run, so that the others can guard a client that is not right yet. If it holds, the run fails,
because an entry that is no longer needed would hide the next mistake.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from contracts.clauses import CLAUSES
from contracts.errors import ContractsError
from contracts.judge.selection import UnknownClause, is_meant
from contracts.report.model import ClauseResult, Expectation
from contracts.verify.names import from_root
from mockserver.errors import suggestion

VERSION = 1

MAX_BYTES = 1 << 20
"""Longest file of expected failures, in bytes."""


class ExpectedFailuresError(ContractsError):
    """A file of expected failures that cannot be used. The text names the file, and the faulty line or key."""


class ExpectedFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """A clause that clients violate whose name matches `client`, and the reason to accept it.

    `client` may have `*` and `?`, as in file names; files are relative to the working directory. If not `strict`, the clause
    may also hold, as it may if a violation is rare.
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
    """The expected failures, and the file that lists them."""

    failures: tuple[ExpectedFailure, ...] = ()
    source: str = ""

    def lenient(self) -> ExpectedFailures:
        """Return the same, but let each clause hold as well. That is right for one history, in which others may not show."""
        return replace(self, failures=tuple(replace(one, strict=False) for one in self.failures))


NOTHING = ExpectedFailures()


CODES = tuple(clause.code for clause in CLAUSES)


def load(path: Path, codes: Sequence[str] = CODES) -> ExpectedFailures:
    """Read a file, for clauses with these codes. Raises ExpectedFailuresError."""
    content = _toml(path)
    if "version" not in content:
        raise ExpectedFailuresError(f"{path}: has no version; write `version = {VERSION}` in its first line")
    if content["version"] != VERSION:
        raise ExpectedFailuresError(f"{path}: version {content['version']!r} is not known here (dayfly reads {VERSION})")
    try:
        file = msgspec.convert(content, _File)
    except msgspec.ValidationError as error:
        raise ExpectedFailuresError(f"{path}: {error}{_hint(str(error))}") from error
    return _checked(file.failure, str(path), codes)


def _hint(message: str) -> str:
    """Return what may be meant by an unknown field; "" if the message is about something else."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    if unknown is None:
        return ""
    known = (ExpectedFailure if " - at `" in message else _File).__struct_fields__
    return f"; {suggestion(unknown[1], known)}"


def named(reasons: Mapping[str, str], codes: Sequence[str] = CODES) -> ExpectedFailures:
    """Make expected failures from reasons by clause. Raises ExpectedFailuresError."""
    return _checked(tuple(ExpectedFailure(clause, reason) for clause, reason in reasons.items()), "", codes)


def known(given: str | Path | Mapping[str, str] | None, codes: Sequence[str] = CODES) -> ExpectedFailures:
    """Return the expected failures in a file, or those given by clause. Raises ExpectedFailuresError."""
    if given is None:
        return NOTHING
    return named(given, codes) if isinstance(given, Mapping) else load(Path(given), codes)


def expecting(results: Iterable[ClauseResult], target: str, known: ExpectedFailures) -> tuple[ClauseResult, ...]:
    """Add to the results what is expected of `target`. If several entries match a clause, the first counts."""
    names = {target, from_root(target, Path.cwd())}
    expected = [one for one in known.failures if any(fnmatchcase(name, one.client) for name in names)]
    return tuple(replace(result, expected=_expectation(result, expected, known.source)) for result in results)


def _expectation(result: ClauseResult, expected: Sequence[ExpectedFailure], source: str) -> Expectation | None:
    one = next((one for one in expected if is_meant(one.clause, result.code)), None)
    return None if one is None else Expectation(one.reason, source, one.strict)


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


def _checked(failures: tuple[ExpectedFailure, ...], source: str, codes: Sequence[str]) -> ExpectedFailures:
    """Check that each clause exists, and that none is listed twice for the same clients."""
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(failures):
        place = f"{source or 'expected failures'}: $.failure[{number}]"
        if not any(is_meant(one.clause, code) for code in codes):
            raise ExpectedFailuresError(f"{place}.clause: {UnknownClause(one.clause, codes)}")
        if (one.clause.upper(), one.client) in seen:
            raise ExpectedFailuresError(f"{place}: {one.clause} is listed twice for {one.client!r}")
        seen.add((one.clause.upper(), one.client))
    return ExpectedFailures(failures, source)
