"""What a file is that holds a HAR file, and is none: told by how it begins."""

from __future__ import annotations

_UTF_16 = "it is in UTF-16, as PowerShell's > writes it; save it as UTF-8: Get-Content OLD | Set-Content NEW -Encoding utf8"

_BEGINNINGS = {
    b"\x1f\x8b": "it is compressed with gzip; unpack it first: gzip -dc FILE.har.gz > FILE.har",
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
}


def told_by(first: bytes) -> str | None:
    """What the file is that begins with `first`, two bytes or more, and what to do about it; None where nothing is known."""
    return _BEGINNINGS.get(first[:2])
