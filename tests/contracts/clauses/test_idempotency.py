"""A client that sends an idempotency key says by it which sends are one to the platform."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contracts.verify import ContractViolated, verify_client
from tests.contracts.small import MESSAGES, Small
from tests.contracts.tape import LOST_RESPONSE, Tape, bearer

KEY = "Idempotency-Key"


def send(tape: Tape, session: str, key: str, text: str = "hello", **answer: Any) -> None:
    """A whole send with a key."""
    body = {"webChatSessionId": session, "text": text}
    tape.answer(tape.leave("send", bearer("t:1"), body, keys={"idempotency-key": key}), **answer)


def resent(*keys: str, same_session: bool = False, same_message: bool = True) -> Tape:
    """A send whose answer is lost, and another one; each with a key."""
    tape = Tape()
    tape.begin()
    tape.token()
    session = tape.create()
    send(tape, session, keys[0], **LOST_RESPONSE)
    if not same_message:
        tape.end("failed")
        tape.begin("bye")
    send(tape, session if same_session else tape.create(), keys[1], "hello" if same_message else "bye")
    tape.end()
    return tape


def test_the_same_key_is_the_same_message() -> None:
    assert resent("k", "k").status("D1", idempotency_key=KEY) == "held"
    assert resent("k", "k", same_session=True).status("S1", idempotency_key=KEY) == "held"


def test_another_key_is_another_message() -> None:
    assert resent("k", "l").status("D1", idempotency_key=KEY) == "violated"
    assert resent("k", "l", same_session=True).status("S1", idempotency_key=KEY) == "violated"


@pytest.mark.parametrize("header", [None, "X-Message"])
def test_a_key_counts_only_in_the_header_that_was_named(header: str | None) -> None:
    assert resent("k", "k").status("D1", idempotency_key=header) == "violated"
    assert resent("k", "k", same_session=True).status("S1", idempotency_key=header) == "violated"


def test_a_key_speaks_for_one_message_alone() -> None:
    assert resent("k", "k", same_session=True, same_message=False).status("S1", idempotency_key=KEY) == "violated"


def test_an_id_whose_send_was_confirmed_is_used_up_whatever_the_key() -> None:
    tape = Tape()
    tape.begin()
    tape.token()
    session = tape.create()
    send(tape, session, "k")
    send(tape, session, "k", status=403)
    tape.end()
    assert tape.status("S1", idempotency_key=KEY) == "violated"


class Keyed(Small):
    """Sends a message again if its answer is lost, under the same key."""

    def deliver(self, session: str, text: str) -> None:
        self.key = f"{session} {text}"
        try:
            self.once(session, text)
        except httpx.ReadError:
            self.once(self.create(self.guest), text)

    def once(self, session: str, text: str) -> None:
        headers = {"Authorization": f"Bearer {self.bearer()}", "X-Message": self.key}
        body = {"webChatSessionId": session, "text": text}
        self.http.post(MESSAGES, json=body, headers=headers).raise_for_status()

    def send(self, guest: Any, text: str) -> None:
        self.guest = guest
        super().send(guest, text)


def test_a_client_with_a_key_of_its_own_is_held_to_it() -> None:
    with pytest.raises(ContractViolated, match=r"error\[D1\]"):
        verify_client(Keyed, examples=0, clauses="D1")
    report = verify_client(Keyed, examples=0, clauses="D1", idempotency_key="X-Message")
    assert report.contract == "--idempotency-key X-Message"


def test_a_name_that_no_header_has_is_refused() -> None:
    with pytest.raises(ValueError, match="'a b' is not the name of a header"):
        verify_client(Keyed, idempotency_key="a b")
