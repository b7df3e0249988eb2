"""Explains what is wrong with a file that a command was given: it is another command's, or its name is misspelt."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mockserver.settings import POLICY_FIELDS

MOST_BYTES = 4 << 20
"""As much of a file is looked at. A longer one can only be a recording, whose beginning is enough."""


class FileKind(NamedTuple):
    """A kind of file: its noun, the commands or options that take it, and the advice, in which FILE stands for it."""

    noun: str
    takers: frozenset[str]
    advice: str


HAR = FileKind(
    "a HAR file", frozenset({"check", "reproduce"}), "`dayfly reproduce FILE` replays it, `dayfly check FILE` judges it"
)
TRACE = HAR._replace(noun="a trace")
STORY = FileKind("a story", frozenset({"stories run", "stories show"}), "`dayfly stories run FILE` runs it")
SCENARIO = FileKind("a scenario", frozenset({"replay"}), "`dayfly replay FILE TARGET` puts a client through it")
PLATFORM = FileKind(
    "a platform as data",
    frozenset({"platform show", "platform check", "platform new", "--platform", "--from"}),
    "`dayfly platform check FILE` checks it, and `--platform FILE` uses it",
)
POLICY = FileKind("a policy", frozenset({"--policy"}), "`dayfly serve --policy FILE` enforces it")
EXPECTED = FileKind("a list of expected failures", frozenset({"--expected-failures"}), "`--expected-failures FILE` takes it")
REPORT = FileKind("a report", frozenset(), "no command reads it; `dayfly verify --corpus DIR` saves the scenarios in it")
PYTHON = FileKind("a Python file", frozenset({"verify"}), "`dayfly verify FILE:factory` judges a client in it")

INPUTS = frozenset({"--from", "--platform", "--policy", "--expected-failures"})
"""The options that name a file to read."""


def explained(arguments: Sequence[str], message: str) -> str:
    """Return the message of an error. If it names a file of another kind than the command takes, say so instead.

    If it names a file that does not exist, add the one beside it with nearly that name.
    """
    for role, name in _given(arguments):
        kind = kind_of(Path(name)) if name in message and os.path.isfile(name) else None
        if kind is not None and role not in kind.takers and (role in INPUTS or not role.startswith("-")):
            return f"{name}: this is {kind.noun}; {kind.advice.replace('FILE', name)}"
        near = _near(name) if name in message and _ABSENT.search(message) and "did you mean" not in message else None
        if near is not None:
            return f"{message.rstrip('.')}; did you mean {near}?"
    return message


_ABSENT = re.compile("no file|no such file|does not exist", re.IGNORECASE)


def _near(name: str) -> Path | None:
    """Return the file beside one that does not exist, or beside that of a factory, with nearly its name."""
    path = Path(re.sub(r"\.py:\w*$", ".py", name))
    with suppress(OSError, ValueError):
        names = os.listdir(path.parent)
        stems = {Path(one).stem: one for one in names if Path(one).suffix == path.suffix}
        near = [stems[one] for one in get_close_matches(path.stem, stems, 1)] or get_close_matches(path.name, names, 1, 0.8)
        return path.with_name(near[0]) if near and not path.exists() else None
    return None


def _given(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each argument with its role: the command, or the option before it."""
    words = [word for word in takewhile(lambda word: word != "--", arguments) if word != "--debug"]  # the client's follow it
    command = " ".join(words[: 2 if words and words[0] in {"platform", "stories"} else 1])
    role = command
    for word in words:
        option, _, value = word.partition("=")
        if word.startswith("--"):
            role = option
            yield option, value
        else:
            yield role, word
            role = command


def kind_of(path: Path) -> FileKind | None:
    """Return the kind of a file; None if it is not known."""
    if path.suffix == ".py":
        return PYTHON
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES)
    except OSError:
        return None
    text = raw.decode("utf-8-sig", "replace").lstrip()
    if re.match(r'\{\s*"log"\s*:', text):
        return HAR
    if re.match(r'\{"type":\s*"trace"', text):
        return TRACE
    if re.search(r"^(openapi|overlay):", text, re.MULTILINE):
        return PLATFORM
    with suppress(msgspec.DecodeError, RecursionError):
        return _of_document(msgspec.json.decode(text.encode()))
    with suppress(tomllib.TOMLDecodeError, RecursionError):
        return _of_table(tomllib.loads(text))
    return None


def _of_document(document: Any) -> FileKind | None:
    if not isinstance(document, dict):
        return None
    steps = document.get("steps")
    first = steps[0] if isinstance(steps, list) and steps and isinstance(steps[0], dict) else {}
    kinds = {"log": HAR, "items": SCENARIO, "openapi": PLATFORM, "overlay": PLATFORM, "schema_version": REPORT}
    if "op" in first or "step" in first:
        return STORY if "op" in first else SCENARIO
    return next((kind for name, kind in kinds.items() if name in document), None)


def _of_table(table: dict[str, Any]) -> FileKind | None:
    if "failure" in table:
        return EXPECTED
    return POLICY if table.keys() & set(POLICY_FIELDS) else None
