from __future__ import annotations

import pytest

from contracts.clients.virtual.protocol import BadMessage, Go, Hello, Idle, Welcome, decode, encode


def test_messages_of_a_process_are_read() -> None:
    assert decode(b'{"hello": 1, "pid": 7, "runtime": "node v20"}') == Hello(1, 7, "node v20")
    assert decode(b'{"idle": true, "at": 5, "next": 9, "sockets": {"51234": [8, 2]}}') == Idle(
        at=5, next=9, sockets={51234: (8, 2)}
    )


def test_fields_that_nobody_knows_are_ignored() -> None:
    assert decode(b'{"hello": 1, "mood": "good"}') == Hello(1)
    assert decode(b'{"idle": true, "at": 5, "mood": "bad"}') == Idle(at=5)


def test_answers_are_lines_without_what_is_not_said() -> None:
    assert encode(Go(5)) == b'{"now":5}\n'
    assert encode(Go(5, rest=20)) == b'{"now":5,"rest":20}\n'
    assert encode(Welcome(5, [80], 1, {"A": "b"})) == b'{"now":5,"ports":[80],"seed":1,"env":{"A":"b"}}\n'


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"[]",
        b"{}",
        b'{"idle": false, "at": 5}',
        b'{"idle": true}',
        b'{"idle": true, "at": -5}',
        b'{"idle": true, "at": 1e300}',
        b'{"idle": true, "at": 9007199254740992}',
        b'{"idle": true, "at": 5, "next": "soon"}',
        b'{"idle": true, "at": 5, "sockets": {"80": [1]}}',
        b'{"idle": true, "at": 5, "sockets": {"a": [1, 2]}}',
        b'{"hello": "1"}',
        b'{"hello": "\xff"}',
    ],
)
def test_what_is_not_a_message_is_refused_and_shown(line: bytes) -> None:
    with pytest.raises(BadMessage, match=r"it sent b"):
        decode(line)
