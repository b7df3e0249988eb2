"""Durations and untrusted strings, written for people."""

from __future__ import annotations

from mockserver.journal import Guest

SHORT = 60


def span(milliseconds: float) -> str:
    """Return a duration: ``0.25 s``, ``4 min 3 s``, ``23 h 59 min``, ``3 d 2 h``. The sign is dropped."""
    seconds = abs(milliseconds) / 1000
    if seconds < 120:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    for unit, size, smaller, part in (("min", 60, "s", 1), ("h", 3600, "min", 60), ("d", 86_400, "h", 3600)):
        if seconds < _ENDS[unit]:
            whole, rest = divmod(seconds, size)
            return f"{whole:.0f} {unit}" + (f" {rest // part:.0f} {smaller}" if rest >= part else "")
    return f"{seconds / 86_400:.0f} d"


_ENDS = {"min": 7200, "h": 172_800, "d": 8_640_000}


def plain(text: str) -> str:
    """Return text that cannot break a line or change its direction: unprintable characters are escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def lower_first(sentence: str) -> str:
    """Return a sentence as the end of another one."""
    return sentence[:1].lower() + sentence[1:]


def shortened(text: str, length: int = SHORT) -> str:
    """Return the beginning of a text, of at most `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def person(guest: Guest | None) -> str:
    if guest is None or not (guest.name or guest.email):
        return "a guest without name"
    return shortened(f"{guest.name} <{guest.email}>" if guest.email else guest.name)


def plural(number: int, noun: str) -> str:
    """Return ``1 handshake``, ``2 handshakes``."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
