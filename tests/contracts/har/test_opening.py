"""The kind of a file: by its content, whatever it is called and however it is packed."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from contracts.har import opening
from contracts.har.kinds import HarError
from contracts.har.opening import opened
from contracts.har.reader import reading
from tests.contracts.har.test_oddities import WHOLE, codes, exchanges, used_twice

HAR = used_twice().raw
TRACE = b'{"type":"trace","version":1}\n'


def archived(files: dict[str, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


class Pipe(io.RawIOBase):
    """Standard input: it cannot be read twice."""

    def __init__(self, data: bytes) -> None:
        self._rest = BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._rest.readinto(buffer[:100])


def piped(data: bytes) -> BinaryIO:
    return io.BufferedReader(Pipe(data))


PACKED = {
    "plain": HAR,
    "gzip": gzip.compress(HAR),
    "gzip twice": gzip.compress(gzip.compress(HAR)),
    "gzip of UTF-16": gzip.compress(HAR.decode().encode("utf-16")),
    "zlib, as mitmproxy's .zhar": zlib.compress(HAR),
    "zip": archived({"recording.har": HAR}),
    "zip with a folder": archived({"out/har.har": HAR, "__MACOSX/out/._har.har": b"x"}),
    "zip in gzip": gzip.compress(archived({"har.har": HAR})),
}


@pytest.mark.parametrize("how", PACKED)
@pytest.mark.parametrize("source", [BytesIO, piped])
def test_a_har_file_is_unpacked(how: str, source: type[BytesIO]) -> None:
    found = opened(source(PACKED[how]), "x")
    told = reading(found.file, "x", None, found.attached)
    assert (found.kind, exchanges(told), codes(told)) == ("har", WHOLE, ["S1"])


TRACES = {
    "plain": TRACE,
    "a byte order mark": b"\xef\xbb\xbf" + TRACE,
    "blank lines": b"\n\n" + TRACE,
    "gzip": gzip.compress(TRACE),
    "zip": archived({"x.jsonl": TRACE}),
    "UTF-16": TRACE.decode().encode("utf-16"),
    "no header": b'{"seq": 1, "type": "arrival"}\n',
    "a line that is none": b"# a remark\n" + TRACE,
}


@pytest.mark.parametrize("how", TRACES)
def test_a_trace_is_one_whatever_it_is_called(how: str) -> None:
    assert opened(BytesIO(TRACES[how]), "x.har").kind == "trace"


LOOKS = {
    b"": "an empty file",
    b" \n": "an empty file",
    b"hello": "plain text",
    b"\x00\x01\x02": "a binary file",
    b"<!DOCTYPE html><html>": "a web page; download the recording again",
    b"<?xml version='1.0'?><charles-session>": "a session of Charles as XML; export what it holds as HAR",
    b"<?xml version='1.0'?><items>": "an XML document",
    b"\xac\xed\x00\x05sr": "a session of Charles; open it there and export what it holds as HAR",
    b"1234:9:websocket;0:~": "flows of mitmproxy; write them as HAR: mitmdump",
    b"\xd4\xc3\xb2\xa1\x02\x00": "a capture of network packets (pcap)",
    b"\x0a\x0d\x0d\x0a\x00": "a capture of network packets (pcapng)",
    b"curl 'https://x' -X POST": "requests copied as commands; save all as HAR instead",
    b'[{"startedDateTime": ""}]': "a JSON list, not an object with a log",
    bz2.compress(b"x"): "a file compressed with bzip2; unpack it first",
    lzma.compress(b"x"): "a file compressed with xz; unpack it first",
    b"\x28\xb5\x2f\xfd\x00": "a file compressed with zstd; unpack it first",
    archived({"raw/01_c.txt": b"", "raw/01_s.txt": b"", "[Content_Types].xml": b""}): "a session archive of Fiddler; open",
    archived({"trace.trace": b"", "trace.network": b""}): "a trace of Playwright; record with recordHar",
    archived({"a.har": HAR, "b.har": HAR}): "a zip archive of 2 HAR files; unpack it and name one (a.har, b.har)",
    archived({"notes.txt": b""}): "a zip archive without a HAR file",
}


@pytest.mark.parametrize("raw", LOOKS, ids=range(len(LOOKS)))
def test_what_is_not_a_recording_is_called_what_it_looks_like(raw: bytes) -> None:
    with pytest.raises(HarError) as told:
        opened(BytesIO(raw), "x.har")
    assert told.value.problem.startswith(f"this is not a recording: it looks like {LOOKS[raw]}")


@pytest.mark.parametrize(
    ("members", "looks"),
    [
        ({"info": {}, "item": []}, "a collection of Postman"),
        ({"collection": {}, "run": {}}, "a report of Newman"),
        ({"_type": "export", "resources": []}, "an export of Insomnia in its own format"),
        ({"constants": {}, "events": []}, "a log of Chrome's net-export"),
        ({"schema_version": 1, "clauses": []}, "a report of dayfly, not a recording"),
        ({"version": "1.2", "entries": []}, "a HAR log without its frame"),
    ],
)
def test_a_json_document_of_another_kind_is_called_what_it_looks_like(members: dict[str, object], looks: str) -> None:
    found = opened(BytesIO(json.dumps(members).encode()), "x.json")
    with pytest.raises(HarError, match=f"this is not a HAR file: it looks like {looks}"):
        reading(found.file, "x.json")


@pytest.mark.parametrize("raw", [b"PK\x03\x04", archived({"a": b""})[:9], b"\x1f\x8b", b"\x1f\x8b" * 9])
def test_an_archive_that_cannot_be_unpacked_is_told_in_a_line(raw: bytes) -> None:
    with pytest.raises(HarError, match="it cannot be unpacked: "):
        opened(BytesIO(raw), "x.har.gz")


def test_an_archive_that_unpacks_to_gigabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_UNPACKED", 1000)
    with pytest.raises(HarError, match="it unpacks to more than"):
        opened(BytesIO(gzip.compress(b'{"log":' + b" " * 2000)), "x.har.gz")


# -- bodies in files of their own, as Playwright writes them -----------------------------------------


def apart() -> tuple[bytes, dict[str, bytes]]:
    """A HAR file and the files that its bodies are in."""
    har, files = used_twice(), {}
    for number, entry in enumerate(har.entries):
        content = entry["response"]["content"]
        name = f"{number:040x}.json"
        files[name] = content.pop("text").encode()
        content["_file"] = name
    return har.raw, files


def test_bodies_are_read_from_the_archive() -> None:
    raw, files = apart()
    found = opened(BytesIO(archived({"har.har": raw, **files})), "x.har.zip")
    assert codes(reading(found.file, "x.har.zip", None, found.attached)) == ["S1"]


def test_bodies_are_read_from_the_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    raw, files = apart()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = opened(BytesIO(raw), "x.har", tmp_path)
    told = reading(found.file, "x.har", None, found.attached)
    assert told.extent is not None
    assert (codes(told), told.extent.lacking) == (["S1"], {})
    assert found.attached(f"../{tmp_path.name}/{next(iter(files))}") is None
    assert found.attached("/etc/passwd") is None


def test_bodies_whose_files_are_missing_are_said_to_be() -> None:
    found = opened(BytesIO(apart()[0]), "x.har")
    told = reading(found.file, "x.har", None, found.attached)
    assert told.extent is not None
    assert told.extent.lacking == {"is in another file, which is not there": 2}
