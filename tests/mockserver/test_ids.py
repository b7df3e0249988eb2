"""Ids tell what they must, and nothing else of their kind is taken for one."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED
from mockserver.ids import Ids, context_owner, pseudonym, redact_tokens, token_owner, was_issued

SEEDS = st.integers(0, 1 << 32)


@given(SEEDS)
def test_a_session_id_is_known_again_under_its_seal_alone(seed: int) -> None:
    ids = Ids.seeded(seed)
    seal, other = ids.seal(), ids.seal()
    session = ids.session(seal)
    assert str(UUID(session)) == session
    assert was_issued(session, seal)
    assert not was_issued(session, other)
    assert not was_issued(session[:-1] + ("0" if session[-1] != "0" else "1"), seal)


@given(st.text())
def test_other_strings_were_never_issued(text: str) -> None:
    assert not was_issued(text, 1)


@given(SEEDS, st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_a_token_names_its_owner(seed: int, client_id: str) -> None:
    ids = Ids.seeded(seed)
    organization = ids.organization()
    token = ids.token(organization, client_id)
    assert token_owner(token) == (organization, client_id)
    assert token_owner(token[1:]) != (organization, client_id)


@pytest.mark.parametrize("text", ["", "x", "0" * 51, "0" * 8 + "A" * 43 + "!!", "0" * 8 + "A" * 43 + "_w", "Z" * 60])
def test_other_strings_name_nobody(text: str) -> None:
    assert token_owner(text) is None


@given(SEEDS)
def test_a_context_id_is_a_uuid_that_names_its_organisation(seed: int) -> None:
    ids = Ids.seeded(seed)
    organization = ids.organization()
    context = ids.context(organization)
    assert str(UUID(context)) == context
    assert context_owner(context) == organization
    assert organization not in {DEFAULT_ORGANIZATION, UNASSIGNED}
    assert context_owner(context + "0") is None


def test_no_id_comes_twice() -> None:
    ids = Ids()
    made = [
        make for _ in range(1000) for make in (ids.context("00000000"), ids.message(), ids.session(5), ids.client("00000000"))
    ]
    assert len(set(made)) == 4000


def test_two_servers_make_different_ids() -> None:
    assert Ids().context("00000000") != Ids().context("00000000")


def test_tokens_in_a_text_are_hidden_and_known_again() -> None:
    token = Ids().token("00000000", "client")
    assert redact_tokens(f"a {token} b") == f"a [REDACTED {pseudonym(token)}] b"


def test_a_token_that_was_cut_after_its_checksum_is_hidden_wherever_it_stands() -> None:
    cut = Ids().token("00000000", "client")[:51]
    assert redact_tokens(cut) == f"[REDACTED {pseudonym(cut)}]"
    assert redact_tokens(f"é {cut}") == f"é [REDACTED {pseudonym(cut)}]"
