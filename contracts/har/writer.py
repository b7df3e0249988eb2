"""Writes a trace as a HAR file for browser tools: a page per trace, an entry per request, secrets redacted.

What HAR cannot hold is in `_dayfly`, from which a trace is read back unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http.client import responses as phrases
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET

from contracts.har.bodies import is_form
from contracts.har.secrets import authorization_of, named
from mockserver.journal import Answer, Arrival, Entry, Header, Returned, merged

BASE_URL = "https://platform.invalid"
"""A name that no network resolves, because a trace does not say where the platform was."""

_NO_ANSWER = {
    "lost_request": "the connection closed; the request never reached the platform",
    "lost_response": "the connection closed before an answer; the platform had acted",
}


class HarRecording(NamedTuple):
    """A trace to be written: `id` and `title` of its page, its entries, and `comments` for people, by a request's `seq`."""

    id: str
    title: str
    trace: Sequence[Entry]
    comments: Mapping[int, str] = {}


class _Exchange(NamedTuple):
    arrival: Arrival
    answer: Answer | None
    returned: Returned | None

    @property
    def status(self) -> int | None:
        """The status that the client saw, or None."""
        if self.answer is None or (self.returned is not None and not self.returned.answered):
            return None
        return self.answer.status if self.answer.delivery in {"complete", "truncated"} else None

    @property
    def took(self) -> int:
        """The duration in milliseconds, as far as the trace shows it."""
        ended = self.returned or self.answer
        return 0 if ended is None else max(0, ended.at - self.arrival.at)


def archive(recordings: Sequence[HarRecording]) -> dict[str, Any]:
    """Return the HAR document."""
    recordings = [recording._replace(trace=merged(recording.trace)) for recording in recordings]
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "dayfly", "version": _version()},
            "pages": [_page(recording) for recording in recordings],
            "entries": [entry for recording in recordings for entry in _entries(recording)],
        }
    }


def _version() -> str:
    try:
        return version("dayfly")
    except PackageNotFoundError:
        return "0"


def _page(recording: HarRecording) -> dict[str, Any]:
    header = next((entry for entry in recording.trace if isinstance(entry, Header)), Header())
    others = [entry for entry in recording.trace if not isinstance(entry, Header | Arrival | Answer | Returned)]
    stamps = [entry.at for entry in recording.trace if not isinstance(entry, Header)]
    return {
        "id": recording.id,
        "title": recording.title,
        "startedDateTime": _time(min(stamps, default=0)),
        "pageTimings": {"onContentLoad": -1, "onLoad": -1},
        "_dayfly": {"header": header, "entries": others},
    }


def _entries(recording: HarRecording) -> Iterator[dict[str, Any]]:
    answers = {entry.context_id: entry for entry in recording.trace if isinstance(entry, Answer)}
    returns = {entry.context_id: entry for entry in recording.trace if isinstance(entry, Returned)}
    for entry in recording.trace:
        if isinstance(entry, Arrival):
            exchange = _Exchange(entry, answers.get(entry.context_id), returns.get(entry.context_id))
            yield _entry(recording, exchange)


def _entry(recording: HarRecording, exchange: _Exchange) -> dict[str, Any]:
    arrival, answer, returned = exchange
    own = {"arrival": arrival, "answer": answer, "returned": returned}
    written = {
        "pageref": recording.id,
        "startedDateTime": _time(arrival.at),
        "time": exchange.took,
        "request": _request(arrival),
        "response": _response(exchange),
        "cache": {},
        "timings": {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": exchange.took, "receive": 0},
        "_dayfly": {name: entry for name, entry in own.items() if entry is not None},
    }
    comment = recording.comments.get(arrival.seq)
    return {**written, "comment": comment} if comment else written


def _request(arrival: Arrival) -> dict[str, Any]:
    text = _text_sent(arrival)
    shown = authorization_of(arrival.credential)
    headers = [
        *([] if shown is None else [_pair("Authorization", shown)]),
        *([] if arrival.media_type is None else [_pair("Content-Type", arrival.media_type)]),
        _pair("Content-Length", str(arrival.size)),
    ]
    path, _, query = arrival.path.partition("?")
    written: dict[str, Any] = {
        "method": arrival.method,
        "url": BASE_URL + quote(path) + ("?" + quote(query, safe="=&[]:+%") if query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "queryString": [_pair(*field.partition("=")[::2]) for field in query.split("&") if field],
        "headersSize": -1,
        "bodySize": arrival.size,
    }
    if text is not None:
        written["postData"] = {"mimeType": arrival.media_type or "", "text": text}
    return written


def _text_sent(arrival: Arrival) -> str | None:
    if arrival.body is UNSET:
        return arrival.text
    if is_form(arrival.media_type) and isinstance(arrival.body, dict):
        return urlencode(arrival.body)
    return _json(arrival.body)


def _response(exchange: _Exchange) -> dict[str, Any]:
    answer, status = exchange.answer, exchange.status
    if answer is None or status is None:
        return {**_reply(0, "", [], ""), "_error": _why_none(exchange)}
    text = _text_got(answer)
    headers = [_pair("Content-Type", "application/json"), _pair("ININ-Correlation-Id", answer.context_id)]
    wait = answer.retry_after_text or answer.retry_after
    if wait is not None:
        headers.append(_pair("Retry-After", str(wait)))
    if status >= 400 and answer.reason:
        headers.append(_pair("Dayfly-Reason", answer.failure or answer.reason))
    cut = answer.delivery == "truncated"
    written = _reply(status, phrases.get(status, ""), headers, text[: len(text) // 2] if cut else text)
    return {**written, "_error": "the body ended before its Content-Length"} if cut else written


def _reply(status: int, phrase: str, headers: list[dict[str, str]], text: str) -> dict[str, Any]:
    size = len(text.encode("utf-8", "surrogatepass"))
    return {
        "status": status,
        "statusText": phrase,
        "httpVersion": "HTTP/1.1" if status else "",
        "cookies": [],
        "headers": headers,
        "content": {"size": size, "mimeType": "application/json" if status else "x-unknown", "text": text},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": size,
    }


def _why_none(exchange: _Exchange) -> str:
    if exchange.answer is not None and exchange.answer.delivery in _NO_ANSWER:
        return _NO_ANSWER[exchange.answer.delivery]
    return "the client stopped waiting" if exchange.returned is not None else "the recording holds no answer"


def _text_got(answer: Answer) -> str:
    if answer.body is UNSET:
        return ""
    if isinstance(answer.body, dict) and answer.token is not None:
        return _json({**answer.body, "access_token": named(answer.token)})
    return _json(answer.body)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _time(milliseconds: int) -> str:
    """Format a time as ISO 8601. A time beyond the calendar becomes its end."""
    try:
        moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        moment, milliseconds = datetime.max.replace(tzinfo=UTC), 0
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def _pair(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
