"""The request bodies that the platform accepts. They are described apart from the mock, so that the judge shares no code with
it.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from mockserver.journal import SESSION_ID, Arrival

MAX_NAME = 254
"""Longest name and e-mail address of a guest, in characters."""


def problem(arrival: Arrival, max_text: int | None) -> str:
    """Describe what is wrong with the body of a create or a send; empty if nothing is, or if too little was recorded.

    `max_text` is the longest text, in characters; None is any length.
    """
    if arrival.truncated:
        return ""
    if arrival.size == 0 and arrival.body is UNSET:
        return "the body is empty" if arrival.operation == "send" else ""
    if (arrival.media_type or "").partition(";")[0].strip().lower() != "application/json":
        return f"the media type is {arrival.media_type!r}, not application/json"
    if arrival.body is UNSET:
        return "the body is not JSON"
    if arrival.operation == "send":
        if not isinstance(arrival.body, dict):
            return "the body is not an object"
        return _text_problem(arrival.body, SESSION_ID, 1, None) or _text_problem(arrival.body, "text", 1, max_text)
    return _create_problem(arrival.body)


def _create_problem(body: Any) -> str:
    if body is None:
        return ""
    if not isinstance(body, dict):
        return "the body is not an object"
    if "guest" not in body:
        return ""
    guest = body["guest"]
    if not isinstance(guest, dict):
        return "`guest` is not an object"
    return _text_problem(guest, "name", 0, MAX_NAME) or _text_problem(guest, "email", 0, MAX_NAME)


def _text_problem(body: dict[str, Any], name: str, least: int, most: int | None) -> str:
    if name not in body:
        return f"`{name}` is missing"
    value = body[name]
    if not isinstance(value, str):
        return f"`{name}` is not a string"
    if len(value) < least:
        return f"`{name}` is empty"
    if most is not None and len(value) > most:
        return f"`{name}` is longer than {most} characters"
    return f"`{name}` holds a NUL" if "\0" in value else ""
