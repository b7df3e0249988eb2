"""Policies from files, variables and control calls: seconds outside, and no key that is silently ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.engine.model import Policy
from mockserver.errors import SettingsError
from mockserver.settings import (
    MAX_POLICY,
    POLICY_FIELDS,
    Settings,
    policy_from,
    policy_from_environment,
    policy_from_file,
    policy_to,
)

FULL = """
ttl = 60
idle_timeout = 0.25
handshakes = 2
retention = 3600
create_scopes = ["a"]
send_scopes = []
token_ttl = 600
token_idle_timeout = 30
max_tokens_per_client = 3
rate_limit_per_minute = "off"
max_text = 10
max_body = 2048
"""


def test_every_field_of_the_policy_can_be_set_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    for content in (FULL, "[policy]" + FULL):
        file.write_text(content)
        assert policy_from_file(file) == Policy(
            ttl=60_000,
            idle_timeout=250,
            handshakes=2,
            retention=3_600_000,
            create_scopes=("a",),
            send_scopes=(),
            token_ttl=600_000,
            token_idle_timeout=30_000,
            max_tokens_per_client=3,
            rate_limit_per_minute=None,
            max_text=10,
            max_body=2048,
        )


def test_every_field_of_the_policy_has_a_name() -> None:
    assert set(POLICY_FIELDS) == set(Policy.__struct_fields__)


def test_what_is_shown_can_be_read_back() -> None:
    policy = Policy(token_idle_timeout=1500, send_scopes=("a", "b"))
    assert policy_from(policy_to(policy)) == policy
    assert policy_to(Policy())["idle_timeout"] == 30


def test_variables_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("ttl = 60\nidle_timeout = 10\n")
    environment = {"DAYFLY_POLICY_TTL": "90.5", "DAYFLY_POLICY_SEND_SCOPES": "a b", "HOME": "/"}
    policy = Settings.load(file, environment).policy
    assert (policy.ttl, policy.idle_timeout, policy.send_scopes) == (90_500, 10_000, ("a", "b"))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"tll": 3}, "policy.tll = 3: is not known; did you mean 'ttl'?"),
        ({"lifetime": 3}, "policy.lifetime = 3: is not known; did you mean 'idle_timeout'?"),
        ({"zzz": 3}, "policy.zzz = 3: is not known; known are ttl, idle_timeout"),
        ({"ttl": 0}, "policy.ttl = 0: must be seconds, from 0.001 to"),
        ({"ttl": -1}, "must be seconds"),
        ({"ttl": "soon"}, "policy.ttl = 'soon': must be a number"),
        ({"ttl": True}, "must be a number"),
        ({"ttl": float("nan")}, "must be seconds"),
        ({"ttl": float("inf")}, "must be seconds"),
        ({"ttl": None}, "must be a number"),
        ({"handshakes": 0}, "must be a whole number from 1"),
        ({"handshakes": 1.5}, "must be a whole number"),
        ({"handshakes": float("nan")}, "must be a whole number"),
        ({"handshakes": float("inf")}, "must be a whole number"),
        ({"max_body": 1 << 30}, "must be a whole number from 1 to 16777216"),
        ({"send_scopes": [7]}, "must be a list of scopes"),
        ({"send_scopes": ["a b"]}, "must be a list of scopes"),
        ({"send_scopes": {"a": 1}}, "must be a list of scopes"),
    ],
)
def test_what_cannot_be_used_is_told_by_its_field(values: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError) as error:
        policy_from(values)
    assert told in str(error.value)


def test_an_unknown_variable_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"^DAYFLY_POLICY_TLL = '3': is not known"):
        policy_from_environment({"DAYFLY_POLICY_TLL": "3"})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"ttl = ", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"ttl = " + b"[" * 100_000, "is not TOML"),
        (b"#" * (MAX_POLICY + 1), "is longer than 1048576 bytes"),
        (b"policy = 3", "must hold policy values"),
        (b"ttl = 3\n[policy]\nttl = 4", "must hold policy values"),
        (b"[ttl]\na = 1", "must be a number"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as error:
        policy_from_file(file)
    assert str(file) in str(error.value)
    assert told in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        policy_from_file(tmp_path / "none.toml")
