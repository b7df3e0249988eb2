"""The bodies of a HAR file: in base64, still compressed, as a form's fields, or left out."""

from __future__ import annotations

import binascii
import zlib
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import UNSET

from contracts.har.document import Request, Response, header
from contracts.har.errors import HarError

MAX_BODY = 16 << 20
"""Bytes of a body that are unpacked."""

FORM = "application/x-www-form-urlencoded"

_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS | 32}
"""How zlib is told what to expect; it finds out for itself whether `deflate` has a header."""


def of_request(request: Request, source: str, number: int) -> bytes | None:
    """What the request carried; None where the recording does not hold it. Raises HarError."""
    data = request.post_data
    if data is not None and data.text is not None:
        return _unpacked(data.text, data.encoding, header(request.headers, "content-encoding"), source, number)
    if data is not None and data.params:
        return urlencode([(pair.name, pair.value) for pair in data.params]).encode("utf-8", "backslashreplace")
    return b"" if request.body_size == 0 else None


def of_response(response: Response, source: str, number: int) -> bytes | None:
    """What the answer carried; None where the recording does not hold it. Raises HarError."""
    content = response.content
    if content is None or content.text is None:
        return None
    return _unpacked(content.text, content.encoding, header(response.headers, "content-encoding"), source, number)


def media_type(request: Request) -> str | None:
    """The media type a request named."""
    told = header(request.headers, "content-type")
    if told is not None:
        return told
    return (request.post_data.mime_type or None) if request.post_data is not None else None


def is_form(media: str | None) -> bool:
    """Whether a body of this media type is a URL-encoded form."""
    return (media or "").partition(";")[0].strip().lower() == FORM


def decoded(body: bytes | None, media: str | None) -> Any:
    """The JSON document or the form in `body`; UNSET where there is none, or it cannot be decoded."""
    if not body:
        return UNSET
    try:
        if is_form(media):
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return UNSET


def _unpacked(text: str, encoding: str | None, compression: str | None, source: str, number: int) -> bytes:
    """Most tools write what they have unpacked: only bytes in base64 may still be compressed, where they look so."""
    if encoding != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise HarError(source, number, f"its body is not base64: {error}") from error
    window = _WINDOWS.get((compression or "").strip().lower())
    return raw if window is None else _decompressed(raw, window, source, number)


def _decompressed(raw: bytes, window: int, source: str, number: int) -> bytes:
    """A body that does not unpack was unpacked before: the header stays where the tool has taken it off."""
    unpacking = zlib.decompressobj(window)
    try:
        unpacked = unpacking.decompress(raw, MAX_BODY)
    except zlib.error:
        return raw
    if unpacking.unconsumed_tail:
        raise HarError(source, number, f"its body unpacks to more than {MAX_BODY} bytes")
    return unpacked
