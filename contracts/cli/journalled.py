"""A request with its answer in one line of a terminal, and a second line with the contextId if it was refused."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.report.cells import pad, width
from contracts.report.style import Look, Style
from contracts.report.words import perturbation_words
from mockserver.clock import iso
from mockserver.journal import Perturbed
from mockserver.journal_queries import Exchange

GUTTER = 14
"""Columns of the time, with the space after it."""

SESSION = 8
"""Characters of a session id that are shown."""

UNDELIVERED = {"lost_request": "lost", "lost_response": "lost", "truncated": "cut"}


def journalled(item: Exchange | Perturbed, style: Style) -> Iterator[str]:
    """Return the lines of a request or of a perturbation."""
    if isinstance(item, Perturbed):
        words = style.clip(style.say(perturbation_words(item.what, item.detail)), style.width - GUTTER)
        yield _time(item.at / 1000, style) + style.paint(words, "cyan")
        return
    status = pad(UNDELIVERED.get(item.delivery or "", str(item.status or "")), 6)
    operation = pad(f"{item.operation or 'other'} ", 8)
    yield _time(item.at, style) + style.paint(status, *_looks(item)) + operation + _what(item, style)
    if _is_refused(item):
        yield " " * GUTTER + style.paint(f"contextId {item.context_id}", "dim")


def _time(seconds: float, style: Style) -> str:
    return style.paint(iso(round(seconds * 1000))[11:23], "dim") + "  "


def _is_refused(exchange: Exchange) -> bool:
    return (exchange.status or 0) >= 400 or exchange.delivery in UNDELIVERED


def _looks(exchange: Exchange) -> tuple[Look, ...]:
    if not _is_refused(exchange):
        return ("green",)
    return ("red", "bold") if exchange.status in {401, 403} and exchange.delivery == "complete" else ("yellow", "bold")


def _what(exchange: Exchange, style: Style) -> str:
    """Return the details of a request, with the reason of a refusal first, cut to the room there is."""
    faults = [f"fault: {exchange.fault}"] if exchange.fault else []
    told = "  ".join(style.say(part) for part in (*faults, *_details(exchange)))
    room = style.width - GUTTER - 14
    if not _is_refused(exchange):
        return style.clip(told, room)
    reason = exchange.failure or exchange.reason or ""
    return style.paint(reason, "bold") + style.clip(f"  {told}", room - width(reason))


def _details(exchange: Exchange) -> Iterator[str]:
    if exchange.operation is None:
        yield f"{exchange.method} {exchange.path}"
    if exchange.failure not in {None, exchange.reason}:
        yield f"platform: {exchange.reason}"
    if exchange.session:
        yield exchange.session[:SESSION]
    if exchange.operation == "token":
        yield f"client {exchange.credential.client_id or 'unknown'}"
    if exchange.retry_after is not None and not exchange.fault:
        yield f"Retry-After {exchange.retry_after}"
    if exchange.guest is not None:
        yield f"for {exchange.guest.name or exchange.guest.email}"
    if exchange.text is not None:
        yield repr(exchange.text)
