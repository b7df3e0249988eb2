"""No secret shows, wherever and however it was written; what only looks like one is kept."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED
from mockserver.ids import Ids, redact_tokens
from mockserver.journal import Arrival, encode
from mockserver.wire.notes import KEPT
from mockserver.wire.redaction import FEW, REDACTED, SHORTEST_SECRET, Secrets
from tests.mockserver.conftest import Mock

SECRET = "s3cr3t-Of-the-house"
LOGIN = "/oauth/token"
CREATE = "/api/v2/conversations/webchat/sessions"


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def recorded(mock: Mock) -> str:
    """All that the journal has, as it is written."""
    store = mock.assembly.store
    journals = [entry for id in (DEFAULT_ORGANIZATION, UNASSIGNED) for entry in store.entries(id, limit=1000)]
    return b"\n".join(encode(entry) for entry in journals).decode()


def basic(*pair: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(":".join(pair).encode()).decode()}


PLACES: dict[str, Callable[[Mock, str, str], object]] = {
    "id and secret swapped": lambda mock, id, secret: mock.http.post(LOGIN, headers=basic(secret, id)),
    "swapped in the form": lambda mock, id, secret: mock.http.post(
        LOGIN, data={"grant_type": "client_credentials", "client_id": secret, "client_secret": id}
    ),
    "braces": lambda mock, _id, secret: mock.http.post(CREATE, headers={"Authorization": "Bearer {{" + secret + "}}"}),
    "long braces": lambda mock, _id, secret: mock.http.post(
        CREATE, headers={"Authorization": "Bearer {{" + "x" * 50 + secret + "}}"}
    ),
    "media type": lambda mock, _id, secret: mock.http.post(
        CREATE, headers=mock.headers | {"Content-Type": f"application/json; key={secret}"}, content=b"{}"
    ),
    "percent in a text": lambda mock, _id, secret: mock.send(text=f"it is {percent(secret)}"),
    "percent twice": lambda mock, _id, secret: mock.send(text=f"it is {quote(percent(secret))}"),
    "percent in a path": lambda mock, _id, secret: mock.http.post(f"/x/{percent(secret)}", headers=mock.headers),
    "base64 in a text": lambda mock, _id, secret: mock.send(text=b64encode(f"key {secret}".encode()).decode()),
    "escaped in what is not JSON": lambda mock, _id, secret: mock.http.post(
        CREATE, headers=mock.headers, content=b'{"a": "' + escaped(secret).encode()
    ),
    "escaped in JSON": lambda mock, _id, secret: mock.http.post(
        CREATE, headers=mock.headers, content=b'{"a": "' + escaped(secret).encode() + b'"}'
    ),
    "UTF-16": lambda mock, _id, secret: mock.http.post(
        CREATE, headers=mock.headers, content=f'{{"a": "{secret}"}}'.encode("utf-16")
    ),
    "a name of a field": lambda mock, _id, secret: mock.http.post(CREATE, headers=mock.headers, json={secret: 1}),
    "a guest": lambda mock, _id, secret: mock.http.post(
        CREATE, headers=mock.headers, json={"guest": {"name": secret, "email": secret}}
    ),
    "a field of the wrong type": lambda mock, _id, secret: mock.http.post(CREATE, headers=mock.headers, json={"guest": secret}),
    "an unknown client": lambda mock, _id, secret: mock.http.post(
        LOGIN, data={"grant_type": "client_credentials", "client_id": f"{secret}x", "client_secret": "anything-else"}
    ),
    "across the bound": lambda mock, _id, secret: mock.http.post(
        CREATE, headers=mock.headers, content=b"x" * (KEPT - 10) + secret.encode() + b"y" * 5000
    ),
    "at the end of what is kept": lambda mock, _id, secret: mock.http.post(
        CREATE, headers=mock.headers, content=b"x" * (KEPT - len(secret)) + secret.encode() + b"y" * 5000
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_does_not_show(mock: Mock, place: str) -> None:
    settings = mock.assembly.settings
    PLACES[place](mock, settings.client_id, settings.client_secret)
    told = recorded(mock)
    for form in (settings.client_secret, percent(settings.client_secret), settings.client_secret[:10]):
        assert form not in told


@pytest.mark.parametrize("place", [place for place in PLACES if "swapped" not in place and place != "an unknown client"])
def test_a_token_does_not_show(mock: Mock, place: str) -> None:
    token = mock.headers["Authorization"].removeprefix("Bearer ")
    PLACES[place](mock, mock.assembly.settings.client_id, token)
    told = recorded(mock)
    assert token[8:40] not in told
    assert percent(token)[24:100] not in told


def test_a_swapped_secret_is_found_though_its_client_was_never_met(mock: Mock) -> None:
    from mockserver.control import Control

    client = Control(mock.assembly).tenant(DEFAULT_ORGANIZATION).clients.create(client_id="billing", client_secret=SECRET)
    mock.http.post(LOGIN, headers=basic(client.client_secret, client.client_id))
    assert SECRET not in recorded(mock)


def test_a_guest_in_a_list_of_sessions_shows_no_secret(mock: Mock) -> None:
    from mockserver.control import Control

    secret = mock.assembly.settings.client_secret
    mock.http.post(CREATE, headers=mock.headers, json={"guest": {"name": secret, "email": "a@b.c"}})
    tenant = Control(mock.assembly).tenant(DEFAULT_ORGANIZATION)
    assert tenant.sessions.list()[-1].guest.name == REDACTED
    assert tenant.requests.find()[0].guest.name == REDACTED  # type: ignore[union-attr]


def test_what_only_looks_like_a_token_is_kept(mock: Mock) -> None:
    for text in ("a" * 254, "0123456789abcdef" * 16, "deadbeef" + "A" * 60):
        assert redact_tokens(text) == text
        mock.send(text=text)
        arrival = [entry for entry in mock.assembly.store.entries(DEFAULT_ORGANIZATION) if isinstance(entry, Arrival)][-1]
        assert arrival.body["text"] == text  # type: ignore[index]
        assert arrival.credential.seen_in == ("header",)


def test_a_token_is_known_wherever_it_stands() -> None:
    token = Ids.seeded(1).token("0badcafe", "billing")
    for before, after in (("", ""), ("deadbeef", " "), ("x", "."), ("a" * 100, ",")):
        assert token[:40] not in redact_tokens(before + token + after)


def test_one_of_many_secrets_is_found_like_one_of_few() -> None:
    ids = Ids.seeded(2)
    many = [ids.secret() for _ in range(2000)]
    for hide in (Secrets(many[:3]).hide, Secrets(many).hide):
        assert hide(f"a {many[1]} b {percent(many[2])} c") == f"a {REDACTED} b {REDACTED} c"


def test_the_cost_does_not_grow_with_the_number_of_secrets() -> None:
    """Counted in looks at the text, and not in seconds: many secrets are looked up by their parts, all at once."""
    ids = Ids.seeded(3)
    index = Secrets(ids.secret() for _ in range(2000))
    assert index._candidates("lorem ipsum dolor " * 4000) == []


@given(
    st.lists(st.text("ab", min_size=6, max_size=24), max_size=FEW + 20),
    st.lists(st.integers(0, FEW + 20)),
    st.text("ab", max_size=200),
)
def test_an_index_of_many_secrets_finds_those_that_stand_in_a_text(drawn: list[str], gone: list[int], text: str) -> None:
    """Few letters, so that secrets have parts in common, and short ones beside long ones."""
    fillers = [f"{number:09}-filler" for number in range(FEW)]
    index = Secrets([*fillers, *drawn])
    left = Counter(drawn)
    for number in gone:
        if number < len(drawn) and left[drawn[number]]:
            left[drawn[number]] -= 1
            index.discard(drawn[number])

    expected = [secret for secret in +left if len(secret) >= SHORTEST_SECRET and secret in text]
    assert index.show_in(text) == bool(expected)
    shown = index.hide(text)
    assert not any(secret in shown for secret in expected)
    assert expected or shown == text


def test_what_is_looked_over_at_once_hides_as_much_as_what_is_looked_at_alone(mock: Mock) -> None:
    """A backslash in a body keeps it from being looked over; without one nothing else may differ."""
    secret = mock.assembly.settings.client_secret
    for text in (f"tell {secret} to", f"tell {percent(secret)} to", b64encode(secret.encode()).decode()):
        mock.send(text=text)
        mock.send(text=text + " \\")
    assert secret not in recorded(mock)
    entries = mock.assembly.store.entries(DEFAULT_ORGANIZATION)
    shown = [entry.body["text"] for entry in entries if isinstance(entry, Arrival) and entry.operation == "send"]  # type: ignore[index]
    assert shown[1::2] == [text + " \\" for text in shown[::2]]
    assert [REDACTED in text for text in shown] == [True] * 6
