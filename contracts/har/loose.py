"""Reads values of a HAR file tolerantly, because tools differ in types and spelling."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(\s*[}\]])', re.DOTALL)
"""A string, which is kept, or a comma before a closing bracket, which is dropped."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_STAMP = re.compile(r"\s*(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?\s*")

YEARS = range(1900, 9799)
"""The years of a recording. Some tools write the year 1 for a time that they do not know."""

LONGEST = 1e13
"""Milliseconds that nothing takes: three hundred years."""


def decoded(raw: bytes) -> Any:
    """Decode JSON. Control characters, lone surrogates and trailing commas are tolerated. Raises ValueError."""
    try:
        return msgspec.json.decode(raw)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        strict = error
    try:
        text = raw.decode("utf-8", "replace")
        return json.loads(_TRAILING_COMMA.sub(lambda found: found[1] or found[2], text), strict=False)
    except (ValueError, RecursionError):
        raise ValueError(str(strict)) from strict


def text(value: Any) -> str | None:
    """Return a string, or a number or a boolean as JSON writes it; None for anything else."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    return json.dumps(value) if isinstance(value, int | float) else None


def number(value: Any) -> float | None:
    """Return a finite number, which may be quoted and have a decimal comma; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value.strip().replace(",", "."))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def members(value: Any) -> dict[str, Any]:
    """Return an object's members; an empty dict for anything else."""
    return value if isinstance(value, dict) else {}


def status(value: Any) -> int | None:
    """Return the status of an answer; None if there was none, for which tools write 0, 1, -1 or nothing.

    Raises ValueError if it is not an HTTP status.
    """
    told = number(value)
    if told is None:
        if value is None or value == "":
            return None
        raise ValueError(f"its status is {str(value)[:40]!r}, which is not an HTTP status")
    if told < 100:
        return None
    if told > 599:
        raise ValueError(f"{told:g} is not an HTTP status")
    return int(told)


def duration(value: Any) -> float | None:
    """Return milliseconds; None if a tool wrote that they are unknown. Raises ValueError."""
    told = number(value)
    if told is None or told < 0:
        return None
    if told >= LONGEST:
        raise ValueError(f"{told:g} ms is longer than anything takes")
    return told


def moment(value: Any) -> float:
    """Return a point in time, in milliseconds since the epoch; UTC if it lacks a time zone.

    Reads ISO 8601 with any number of decimals, RFC 5322, and Unix time. Raises ValueError.
    """
    unix = number(value)
    if unix is not None and unix > 0:
        return _of_unix(unix)
    if not isinstance(value, str):
        raise ValueError("it has no startedDateTime" if value is None else "its startedDateTime is not a time")
    try:
        read = _date(value)
        if read.year not in YEARS:
            raise ValueError(read.year)
        return (read - _EPOCH) / timedelta(milliseconds=1)
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"its startedDateTime {value[:40]!r} is not a time") from error


def _of_unix(told: float) -> float:
    """Convert seconds, milliseconds or microseconds; their size shows which."""
    for limit, factor in ((1e11, 1000.0), (1e14, 1.0), (1e17, 0.001)):
        if told < limit:
            return told * factor
    raise ValueError(f"its startedDateTime {told:g} is not a time")


def _date(value: str) -> datetime:
    found = _STAMP.fullmatch(value)
    if found is None:
        try:
            read = datetime.fromisoformat(value.strip())
        except ValueError:
            read = parsedate_to_datetime(value)
        return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    day, clock, seconds, fraction, zone = found.groups()
    told = f"{day}T{clock}:{seconds or '00'}.{(fraction or '')[:6]:0<6}{(zone or 'Z').upper()}"
    return datetime.fromisoformat(told)


def headers(value: Any) -> dict[str, str]:
    """Return headers by their names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for name, content in fields(value):
        found.setdefault(name.strip().lower(), content)
    return found


def fields(value: Any) -> list[tuple[str, str]]:
    """Return headers or the fields of a form: a list of objects or pairs, as in HAR, or one object."""
    items = value.items() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [(name, content) for name, content in map(_pair, items) if name is not None]


def _pair(item: Any) -> tuple[str | None, str]:
    if isinstance(item, dict):
        name, value = item.get("name"), item.get("value")
    elif isinstance(item, list | tuple) and len(item) == 2:
        name, value = item
    else:
        return None, ""
    if isinstance(value, list) and value:
        value = value[0]
    return text(name), text(value) or ""
