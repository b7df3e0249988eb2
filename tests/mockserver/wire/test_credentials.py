"""The Authorization header, in the shapes real and broken clients send."""

from __future__ import annotations

from base64 import b64encode

import pytest

from mockserver.journal import ShownCredential
from mockserver.wire.credentials import Basic, basic, bearer, credential


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER  abc ", "abc"),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("", ""),
        (None, ""),
        ("Basic abc", None),
        ("Bearer a b", None),
        ("Bearer a\r\nX: y", None),
        ("Bearer ü", None),
        ("abc", None),
    ],
)
def test_bearer(header: str | None, token: str | None) -> None:
    assert bearer(header) == token


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        ("Basic " + b64encode(b"id:secret").decode(), Basic("id", "secret")),
        ("basic " + b64encode(b"id:a:b").decode(), Basic("id", "a:b")),
        ("Basic " + b64encode(b"an%2Did:s%2Fcret%3A").decode(), Basic("an-id", "s/cret:")),
        ("Basic " + b64encode(b"50%:a+b").decode(), Basic("50%", "a+b")),
        ("Basic " + b64encode(b"nothing").decode(), None),
        ("Basic !!", None),
        ("Basic " + b64encode(b"\xff:\xff").decode(), None),
        ("Bearer x", None),
        (None, None),
    ],
)
def test_basic(header: str | None, pair: Basic | None) -> None:
    assert basic(header) == pair


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (None, "none"),
        ("", "empty"),
        ("Bearer ", "empty"),
        ("Bearer null", "literal"),
        ("Bearer undefined", "literal"),
        ("Bearer None", "literal"),
        ("Bearer {{token}}", "literal"),
        ("[REDACTED]", "literal"),
        ("Digest x", "malformed"),
        ("Basic !!", "malformed"),
    ],
)
def test_what_is_no_credential_is_told_by_its_form(header: str | None, form: str) -> None:
    assert credential(header).form == form


def test_a_credential_keeps_its_identity_and_loses_its_value() -> None:
    first, again, other = credential("Bearer abcdefgh"), credential("bearer abcdefgh"), credential("Bearer abcdefgi")
    assert first == again != other
    assert "abcdefgh" not in repr(first)


def test_a_basic_credential_names_the_client_without_its_secret() -> None:
    shown = credential("Basic " + b64encode(b"id:topsecret").decode())
    assert shown == ShownCredential("basic", client_id="id", seen_in=("header",))
