"""Entries of a HAR file. Each is read tolerantly, and only if it is of interest."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Raw, Struct

from contracts.har import loose


class Carried(Struct, frozen=True):
    """A body as the file has it: its `text`, the `fields` of a form, or the name of a `file`.

    `encoding` may be base64, `compression` is the Content-Encoding. `size` is in bytes, or None if unknown.
    """

    text: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    file: str | None = None
    encoding: str = ""
    compression: str = ""
    media_type: str | None = None
    size: int | None = None


class HarEntry(Struct, frozen=True, kw_only=True):
    """One entry of the log.

    `began` is in milliseconds since the epoch. The request left after `waited` milliseconds, and its answer was complete after
    `took`. `error` says why no answer came. `cached`: the client's cache answered. `via_worker`: a service worker made the
    request that reached the network.
    """

    began: float
    waited: float
    took: float
    method: str
    url: SplitResult
    sent_headers: dict[str, str]
    sent: Carried
    status: int | None
    headers: dict[str, str]
    got: Carried
    error: str = ""
    redirect: str = ""
    cached: bool = False
    via_worker: bool = False


class Outline(Struct, frozen=True):
    """The part of an entry that tells which host it is for."""

    url: str
    method: str
    page: str | None = None
    own: Raw = Raw()


class _Address(Struct, frozen=True):
    url: Any = None
    method: Any = None


class _Addressed(Struct, frozen=True):
    request: _Address
    pageref: Any = None
    own: Raw = msgspec.field(name="_dayfly", default=Raw())


def outline(raw: bytes) -> Outline:
    """Read the URL and method of an entry. Raises ValueError if it has none."""
    try:
        found = msgspec.json.decode(raw, type=_Addressed)
        url, method, page, own = found.request.url, found.request.method, found.pageref, found.own
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        entry = loose.members(loose.decoded(raw))
        request = loose.members(entry.get("request"))
        url, method, page, own = request.get("url"), request.get("method"), entry.get("pageref"), Raw()
        if not request:
            raise ValueError("it has no request") from None
    if not isinstance(url, str):
        raise ValueError("its request has no URL")
    return Outline(url, (loose.text(method) or "").strip().upper(), loose.text(page), own)


def exchange(raw: bytes) -> HarEntry:
    """Read an entry. Raises ValueError if a required part is missing or meaningless."""
    entry = loose.members(loose.decoded(raw))
    request, response = loose.members(entry.get("request")), loose.members(entry.get("response"))
    timings = loose.members(entry.get("timings"))
    method = (loose.text(request.get("method")) or "").strip().upper()
    if not method:
        raise ValueError("its request has no method")
    headers = loose.headers(request.get("headers"))
    answered, content = loose.headers(response.get("headers")), response.get("content")
    return HarEntry(
        began=loose.moment(entry.get("startedDateTime")),
        waited=sum(loose.duration(timings.get(step)) or 0 for step in ("blocked", "dns", "connect")),
        took=_took(entry, timings),
        method=method,
        url=_url(request, headers),
        sent_headers=headers,
        sent=_carried(request.get("postData"), headers, request.get("bodySize")),
        status=loose.status(response.get("status")),
        headers=answered,
        got=_carried(content, answered, loose.members(content).get("size")),
        error=_error(entry, response),
        redirect=answered.get("location") or loose.text(response.get("redirectURL")) or "",
        cached=any(_said(place, name) for place in (entry, response) for name in _CACHES),
        via_worker=any(_said(place, "_fetchedViaServiceWorker") for place in (entry, response)),
    )


_CACHES = ("_fromCache", "_fromDiskCache", "_fromMemoryCache", "fromCache", "fromDiskCache")
_ERRORS = ("_error", "_failureText", "_errorText", "error")


def _said(place: dict[str, Any], name: str) -> bool:
    return place.get(name) not in (None, False, "", "false", "none", 0)


def _error(entry: dict[str, Any], response: dict[str, Any]) -> str:
    told = [place.get(name) for place in (response, entry) for name in _ERRORS]
    return next((word for word in told if isinstance(word, str) and word), "")


def _took(entry: dict[str, Any], timings: dict[str, Any]) -> float:
    """Return the whole time; if that is missing, the sum of its parts, of which `connect` includes `ssl`."""
    told = loose.duration(entry.get("time"))
    if told is not None:
        return told
    steps = ("blocked", "dns", "connect", "send", "wait", "receive")
    return sum(loose.duration(timings.get(step)) or 0 for step in steps)


def _url(request: dict[str, Any], headers: dict[str, str]) -> SplitResult:
    """Return the URL of a request. Some proxies write only the path there, and the host as a header."""
    told = (loose.text(request.get("url")) or "").strip()
    host = headers.get("host") or headers.get(":authority")
    if told.startswith("/") and not told.startswith("//") and host:
        told = f"https://{host}{told}"
    try:
        parts = urlsplit(told)
        parts.port  # noqa: B018 - reading the port checks it
    except ValueError as error:
        shown = told.partition("?")[0].rpartition("@")[2]  # without parts that may be secret
        raise ValueError(f"{shown[:80]!r} is not a URL: {error}") from error
    return parts


def _carried(held: Any, headers: dict[str, str], size: Any) -> Carried:
    """Return a body, of which some tools write only the text."""
    parts = {"text": held} if isinstance(held, str) else loose.members(held)
    return Carried(
        text=_body_text(parts.get("text")),
        fields=tuple(loose.fields(parts.get("params"))),
        file=loose.text(parts.get("_file")),
        encoding=(loose.text(parts.get("encoding")) or "").strip().lower(),
        compression=headers.get("content-encoding", "").strip().lower(),
        media_type=headers.get("content-type") or loose.text(parts.get("mimeType")) or None,
        size=_size(size),
    )


def _body_text(value: Any) -> str | None:
    """Return a body. Some tools write the JSON itself instead of its text."""
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return value if isinstance(value, str) else None


def _size(value: Any) -> int | None:
    told = loose.number(value)
    return int(told) if told is not None and 0 <= told < loose.LONGEST else None
