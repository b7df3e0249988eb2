"""dayfly's own documents, scenarios and stories: strict, versioned JSON. Errors name the place in the document."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

import msgspec

from contracts.errors import DocumentError

T = TypeVar("T", bound=msgspec.Struct)

MAX_BYTES = 4 << 20
"""Longest document, in bytes."""

_PLACE = re.compile(r" - at `([^`]*)`$")

_UNKNOWN = re.compile(r"unknown field `([^`]*)`$")

_MEMBER = re.compile(r"\.(\w+)|\[(\d+)\]")


class Format(Generic[T]):
    """The format of a kind of document: its type, name, version, the union of its steps, and the error to raise.

    `source` says how such a document comes to be, for the error about something else.
    """

    def __init__(self, kind: type[T], name: str, version: int, steps: Any, error: type[DocumentError], source: str) -> None:
        self._kind, self._name, self._version, self._error = kind, name, version, error
        self._steps: dict[str, type[msgspec.Struct]] = {str(step.__struct_config__.tag): step for step in get_args(steps)}
        self._wanted = f"; give a {name} file, as {source}"

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[T]:
        return msgspec.json.Decoder(self._kind)

    def decode(self, raw: bytes, source: str) -> T:
        """Decode a document. Its meaning is not checked. Raises the error, naming `source`, if the shape is wrong."""
        if len(raw) > MAX_BYTES:
            raise self._error(source, "$", f"longer than {MAX_BYTES} bytes; is this a {self._name}?")
        try:
            return self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            raise self._misfit(source, str(error), raw) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._error(source, "$", str(error) + self._wanted) from error

    def read(self, path: Path) -> bytes:
        """Read a file, or the beginning of one that is too long. Raises the error if it cannot be read."""
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise self._error(str(path), "$", error.strerror or str(error)) from error

    def check_version(self, version: object, source: str) -> None:
        """Raise the error if the version is not the one that is read here."""
        if version != self._version:
            raise self._error(source, "$.version", f"{version!r} is not known here (dayfly reads {self._version})")

    def _misfit(self, source: str, message: str, raw: bytes) -> DocumentError:
        """Return the error for a document of the wrong shape. An unknown version is reported first, because it explains the
        rest.
        """
        document = _document(raw)
        if "version" in document:
            self.check_version(document["version"], source)
        found = _PLACE.search(message)
        place = found.group(1) if found else "$"
        problem = _PLACE.sub("", message)
        if place.endswith(".op"):
            problem = f"{problem}: use one of {', '.join(self._steps)}"
        elif not found and problem.startswith("Expected `object`"):
            problem += self._wanted
        elif unknown := _UNKNOWN.search(problem):
            known = self._known_at(document, place)
            near = get_close_matches(unknown[1], known, 1)
            problem += f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}" if known else ""
        return self._error(source, place, problem)

    def _known_at(self, document: Any, place: str) -> tuple[str, ...]:
        """Return the fields that the document, or the step at a place, may have; none if something else is there.

        What follows the place may be broken, so that nothing is found there.
        """
        if place == "$":
            return self._kind.__struct_encode_fields__
        with suppress(LookupError, TypeError, AttributeError):
            for name, number in _MEMBER.findall(place):
                document = document[name or int(number)]
            return self._steps[document.get("op")].__struct_encode_fields__
        return ()


def table(package: str, name: str) -> dict[str, Any]:
    """Return a TOML file of a package. Lists in it are tuples of texts."""
    content = tomllib.loads(resources.files(package).joinpath(name).read_text("utf-8"))
    return {
        code: {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
        for code, told in content.items()
    }


def _document(raw: bytes) -> dict[str, Any]:
    """Return a document as plain values; an empty one if it is not an object."""
    try:
        document = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
