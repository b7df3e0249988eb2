"""Detects the kind of a file by its content, because its name may be misleading."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from contracts.errors import ContractsError

Kind = Literal["har", "trace"]

HEAD = 64 << 10
"""Bytes that are looked at."""

EXPORT = "export what it holds as HAR"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd; unpack it first: zstd -d FILE"),
    (b"BZh", "a file compressed with bzip2; unpack it first: bunzip2 FILE"),
    (b"\xfd7zXZ", "a file compressed with xz; unpack it first: unxz FILE"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\xac\xed\x00\x05", f"a session of Charles; open it there and {EXPORT}: File > Export Session"),
    (b"\xd4\xc3\xb2\xa1", "a capture of network packets (pcap); record HTTP with a browser or a proxy instead"),
    (b"\xa1\xb2\xc3\xd4", "a capture of network packets (pcap); record HTTP with a browser or a proxy instead"),
    (b"\x0a\x0d\x0d\x0a", "a capture of network packets (pcapng); record HTTP with a browser or a proxy instead"),
    (b"SQLite format 3", f"an SQLite database; {EXPORT}"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)

_BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"<\?xml[^>]*>\s*<charles-session|<charles-session"), f"a session of Charles as XML; {EXPORT} there"),
    (re.compile(rb"<!doctype html|<html", re.IGNORECASE), "a web page; download the recording again, signed in"),
    (re.compile(rb"<\?xml|<[a-z]", re.IGNORECASE), "an XML document"),
    (re.compile(rb"\d+:\d+:[a-z]"), "flows of mitmproxy; write them as HAR: mitmdump -nr FILE --set hardump=FILE.har"),
    (re.compile(rb"(curl|fetch)[ (]"), "requests copied as commands; save all as HAR instead"),
    (re.compile(rb"\[\s*[{\]]"), "a JSON list, not an object with a log"),
)

_MEMBERS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"info", "item"}), "a collection of Postman, which has requests without their answers"),
    (frozenset({"collection", "run"}), "a report of Newman; its HAR reporter writes recordings"),
    (frozenset({"_type", "resources"}), f"an export of Insomnia in its own format; {EXPORT} there"),
    (frozenset({"constants", "events"}), "a log of Chrome's net-export; save a HAR file in DevTools instead"),
    (frozenset({"traceEvents"}), "a performance trace of Chrome; save a HAR file in DevTools instead"),
    (frozenset({"schema_version", "clauses"}), "a report of dayfly, not a recording"),
    (frozenset({"openapi"}), "an OpenAPI document"),
    (frozenset({"entries"}), 'a HAR log without its frame; put it into {"log": …}'),
)

_LINE = re.compile(rb'^\s*\{[^\n]*?"type"\s*:\s*"(?:trace|began|ended|perturbed|arrival|answer|returned)"', re.MULTILINE)
_LOG = re.compile(rb'\s*\{\s*"log"\s*:')


class HarError(ContractsError):
    """A HAR file that cannot be used; `source` names it and `problem` says why.

    `entry` is the number of the faulty entry, from 1; None if no single entry is at fault.
    """

    def __init__(self, source: str, entry: int | None, problem: str) -> None:
        where = source if entry is None else f"{source}: entry {entry}"
        super().__init__(f"{where}: {problem}")
        self.source, self.entry, self.problem = source, entry, problem


def kind_of(head: bytes) -> Kind | str:
    """Return the kind of the file that begins with `head`; for one that cannot be read, a description."""
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not bare:
        return "an empty file"
    if _LOG.match(bare):
        return "har"
    if _LINE.search(bare):
        return "trace"
    known = _known(head, bare)
    if known is not None:
        return known
    if bare.startswith(b"{"):
        return "har"
    return "a binary file" if b"\0" in head else "plain text"


def _known(head: bytes, bare: bytes) -> str | None:
    for signature, described in _SIGNATURES:
        if head.startswith(signature):
            return described
    return next((described for begins, described in _BEGINNINGS if begins.match(bare)), None)


def looks_like(names: Collection[str]) -> str:
    """Describe the JSON document with these members; "" if it is not a known one."""
    found = next((described for needed, described in _MEMBERS if needed <= set(names)), None)
    return "" if found is None else f"it looks like {found}"


def archive_of(names: Collection[str]) -> str:
    """Describe the zip archive with these files, which does not hold exactly one HAR file."""
    hars = [name for name in names if name.lower().endswith(".har")]
    if len(hars) > 1:
        return f"a zip archive of {len(hars)} HAR files; unpack it and name one ({', '.join(hars[:3])})"
    if any(name.startswith("raw/") and name.endswith("_c.txt") for name in names):
        return "a session archive of Fiddler; open it there: File > Export Sessions > HTTPArchive"
    if any(name.endswith((".network", ".trace")) for name in names):
        return "a trace of Playwright; record with recordHar, which writes a HAR file"
    if "[Content_Types].xml" in names:
        return "an Office document"
    return "a zip archive without a HAR file"
