"""The bodies of a HAR file: as text, in base64, still compressed, as fields, in a file, or left out."""

from __future__ import annotations

import binascii
import importlib
import re
import zlib
from base64 import b64decode
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

import msgspec
from msgspec import UNSET

from contracts.har.document import Carried
from mockserver.wire.bodies import FORM

MAX_BODY = 16 << 20
"""Most bytes of a body that are unpacked."""

NOT_RECORDED = "was not recorded"
NOT_BASE64 = "is labelled base64, but cannot be decoded"
TOO_LONG = f"unpacks to more than {MAX_BODY >> 20} MiB"

Attached = Callable[[str], bytes | None]
"""Returns the content of a file next to the HAR file, by its name."""


class BodyContent(NamedTuple):
    """The content of a body. If it is None, `lacking` says why and completes "its body …"."""

    data: bytes | None
    lacking: str = ""


LEFT_OUT = BodyContent(None, NOT_RECORDED)


def nothing_attached(_: str) -> bytes | None:
    """Return None, for a HAR file without files next to it."""
    return None


def of_request(sent: Carried, attached: Attached = nothing_attached) -> BodyContent:
    """Return the body of a request."""
    if sent.text:
        return _unpacked(sent)
    if sent.file is not None:
        return _attached(sent, attached)
    if sent.fields and (is_form(sent.media_type) or not sent.media_type):
        return BodyContent(urlencode(sent.fields).encode("utf-8", "backslashreplace"))
    if sent.size == 0 or (sent.text == "" and not sent.size):
        return BodyContent(b"")
    return LEFT_OUT


def of_response(got: Carried, attached: Attached = nothing_attached) -> BodyContent:
    """Return the body of an answer."""
    if got.text:
        return _unpacked(got)
    if got.file is not None:
        return _attached(got, attached)
    return LEFT_OUT if got.text is None or got.size else BodyContent(b"")


def is_form(media: str | None) -> bool:
    """Return whether a body of this media type is a URL-encoded form."""
    return (media or "").partition(";")[0].strip().lower() == FORM


def decoded(body: bytes | None, media: str | None) -> Any:
    """Decode the JSON document or the form in `body`; UNSET if there is none or it cannot be decoded."""
    if not body:
        return UNSET
    try:
        if is_form(media):
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return UNSET


def _attached(carried: Carried, attached: Attached) -> BodyContent:
    data = attached(carried.file or "")
    if data is None:
        return BodyContent(None, "is in another file, which is not there")
    return BodyContent(None, TOO_LONG) if len(data) > MAX_BODY else _decompressed(data, carried.compression)


def _unpacked(carried: Carried) -> BodyContent:
    """Unpack a body. Most tools write plain text; bytes in base64 may still be compressed."""
    text = carried.text or ""
    if carried.encoding != "base64":
        plain = text.encode("utf-8", "surrogatepass")
        garbled = carried.compression not in {"", "identity"} and _is_garbled(text)
        return BodyContent(None, f"is compressed with {carried.compression}, and garbled") if garbled else BodyContent(plain)
    if text.lstrip()[:1] in {"{", "["}:
        return BodyContent(text.encode("utf-8", "surrogatepass"))  # a tool unpacked it but kept the label
    raw = _base64(text)
    return BodyContent(None, NOT_BASE64) if raw is None else _decompressed(raw, carried.compression)


def _is_garbled(text: str) -> bool:
    """Return whether bytes were taken for characters. JSON and forms never contain such characters."""
    return any(sign == "\ufffd" or (sign < " " and sign not in "\t\r\n") for sign in text[:200])


_NO_BASE64 = re.compile(r"[\s=]+")


def _base64(text: str) -> bytes | None:
    """Decode base64, also in its URL form, in lines, without padding, or as a data URL."""
    if text.startswith("data:"):
        kind, _, text = text.partition(",")
        if not kind.endswith(";base64"):
            return unquote_to_bytes(text)
    bare = _NO_BASE64.sub("", text).replace("-", "+").replace("_", "/")
    try:
        return b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS | 32}
"""The window bits for zlib. With those of `deflate` it detects whether there is a header."""


def _decompressed(raw: bytes, compression: str) -> BodyContent:
    """Decompress a body. If that fails it was decompressed before, because many tools keep the header."""
    if compression in _WINDOWS:
        return _inflated(raw, _WINDOWS[compression])
    library = _LIBRARIES.get(compression)
    if library is None or decoded(raw, None) is not UNSET or _is_readable(raw):
        return BodyContent(raw)
    return _by_library(raw, *library)


def _inflated(raw: bytes, window: int) -> BodyContent:
    unpacking = zlib.decompressobj(window)
    try:
        unpacked = unpacking.decompress(raw, MAX_BODY)
    except zlib.error:
        return BodyContent(raw)
    return BodyContent(None, TOO_LONG) if unpacking.unconsumed_tail else BodyContent(unpacked)


def _is_readable(raw: bytes) -> bool:
    try:
        return not _is_garbled(raw.decode())
    except UnicodeDecodeError:
        return False


def _unpackers(package: str, module: Any) -> tuple[Callable[[bytes], bytes], Callable[[], bool]]:
    """Return a function that unpacks a piece, and one that says whether the body is at its end."""
    if package == "brotli":
        brotli = module.Decompressor()
        return brotli.process, brotli.is_finished
    zstd = module.ZstdDecompressor().decompressobj()
    return zstd.decompress, lambda: zstd.eof


PIECE = 64
"""Bytes that are unpacked at once, so that a small body which unpacks to a huge one is given up soon."""


def _in_pieces(raw: bytes, unpack: Callable[[bytes], bytes], is_finished: Callable[[], bool]) -> bytes:
    """Unpack a body, or so much of it that it is too long. Raises ValueError if it is cut short."""
    unpacked = bytearray()
    for start in range(0, len(raw), PIECE):
        unpacked += unpack(raw[start : start + PIECE])
        if is_finished() or len(unpacked) > MAX_BODY:
            return bytes(unpacked)
    raise ValueError("the body is cut short")


_LIBRARIES = {"br": ("brotli", "brotli"), "zstd": ("zstd", "zstandard")}
"""The name of a compression for people, and the package that unpacks it."""


def _by_library(raw: bytes, name: str, package: str) -> BodyContent:
    """Decompress with a library, if it is installed."""
    try:
        module = importlib.import_module(package)
    except ImportError:
        return BodyContent(None, f"is compressed with {name}, which takes `pip install {package}` to read")
    try:
        unpacked = _in_pieces(raw, *_unpackers(package, module))
    except Exception:  # each library has errors of its own
        return BodyContent(None, f"is labelled as compressed with {name}, but cannot be unpacked")
    return BodyContent(None, TOO_LONG) if len(unpacked) > MAX_BODY else BodyContent(unpacked)
