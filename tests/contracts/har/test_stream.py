"""A HAR file piece by piece: what stands in it, wherever it is cut into chunks, and how much of it is in memory."""

from __future__ import annotations

import json
import tracemalloc
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.har import stream
from contracts.har.kinds import HarError
from contracts.har.stream import Piece, pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(['"', "\\", '\\"', "]}", "{["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def file_of(log: Any, indent: int | None = None, ascii: bool = True) -> bytes:
    return json.dumps({"_before": [{"log": 1}], "log": log, "after": "x"}, indent=indent, ensure_ascii=ascii).encode()


def entries(found: list[Piece]) -> list[Any]:
    return [json.loads(piece.raw or b"null") for piece in found if piece.number is not None]


@given(st.lists(VALUES, max_size=5), VALUES, st.sampled_from([None, 1]), st.booleans(), st.integers(1, 64))
def test_every_entry_is_found_as_it_stands_there(
    values: list[Any], other: Any, indent: int | None, ascii: bool, chunk: int
) -> None:
    raw = file_of({"version": "1.2", "entries": values, "pages": other}, indent, ascii)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "CHUNK", chunk)
        found = list(pieces(BytesIO(raw), "x.har"))
    assert entries(found) == values
    assert [(piece.name, json.loads(piece.raw or b"")) for piece in found if piece.number is None] == [
        ("version", "1.2"),
        ("pages", other),
    ]


@given(st.data())
def test_a_file_that_is_cut_is_read_up_to_the_cut(data: st.DataObject) -> None:
    values = [{"a": ["b", {}]}, "text", {"c": 'q"]'}]
    raw = json.dumps({"log": {"entries": values}}).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    found: list[Piece] = []
    with pytest.raises(HarError) as told:
        found.extend(pieces(BytesIO(raw[:cut]), "x.har"))
    assert entries(found) == values[: len(found)]
    if told.value.entry is not None:
        assert told.value.entry == len(found) + 1
        assert told.value.problem == "the file ends before this entry does"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "this is not a HAR file: expected {, found the end"),
        (b"hello", "this is not a HAR file: expected {, found 'h'"),
        (b"\x00", "this is not a HAR file: expected {, found '\\x00'"),
        (b"\xe4", "this is not a HAR file: expected {, found '\\xe4'"),
        (b'{"log": {"entries": [1], "entries": [{}} ]}}', "from here on it is not JSON: expected ], found '}'"),
        (b'{"type": "trace"}', "this is not a HAR file: it has no log"),
        (b'{"a": 1' + b',"a": 1' * 1001 + b',"log": {}}', "this is not a HAR file: it has no log"),
        (b'{"log": [1]}', "this is not a HAR file: it has no log"),
        (b'{"log": {"entries": [{} {}]}}', "from here on it is not JSON: expected ], found '{'"),
    ],
)
def test_what_is_no_har_file_says_why(raw: bytes, problem: str) -> None:
    with pytest.raises(HarError) as told:
        list(pieces(BytesIO(raw), "x.har"))
    assert told.value.problem == problem


def test_a_byte_order_mark_is_let_pass() -> None:
    assert entries(list(pieces(BytesIO(b"\xef\xbb\xbf" + file_of({"entries": [1]})), "x.har"))) == [1]


def test_an_entry_that_is_too_long_is_left_out_and_those_after_it_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_PIECE", 1000)
    monkeypatch.setattr(stream, "CHUNK", 64)
    values = [{"n": 1}, {"text": 'long "quoted" \\ ' * 400}, {"many": [1] * 2000}, {"n": 4}]
    found = list(pieces(BytesIO(file_of({"entries": values})), "x.har"))
    assert [piece.raw is None for piece in found] == [False, True, True, False]
    assert json.loads(found[-1].raw or b"") == {"n": 4}


def test_it_tells_how_far_it_is() -> None:
    raw = file_of({"entries": [{"a": "b" * 1000}] * 2000})
    read: list[int] = []
    list(pieces(BytesIO(raw), "x.har", read.append))
    assert sum(read) == len(raw)
    assert len(read) > 5


def test_a_large_file_is_never_in_memory_as_a_whole() -> None:
    raw = file_of({"entries": [{"request": {"url": "https://cdn.example/"}, "text": "x" * 20_000}] * 400})  # 8 MB
    file = BytesIO(raw)
    tracemalloc.start()
    try:
        number = sum(1 for _ in pieces(file, "x.har"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == 400
    assert peak < 2 << 20
