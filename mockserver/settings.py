"""Settings: files, environment variables and options become values here, and only here.

Times are in seconds outside, in milliseconds inside. A policy file is TOML with the names below at top level, or in a table
``[policy]``. The variables are ``DAYFLY_POLICY_TTL`` and so on. An unknown key is an error, because a setting that is silently
ignored is worse than none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.engine.model import Policy
from mockserver.errors import SettingsError, suggestion

PREFIX = "DAYFLY_POLICY_"

LONGEST = 100 * 365 * 86_400
"""The longest duration of a policy, in seconds: a hundred years."""

HARD_MAX_BODY = 16 << 20

SCOPE = re.compile(r"[!#-\[\]-~]{1,254}")
"""A scope in OAuth's syntax (RFC 6749, section 3.3)."""


def _number(field: str, value: object) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise SettingsError(field, value, "must be a number")


def _duration(field: str, value: object) -> int:
    seconds = _number(field, value)
    if not 0.001 <= seconds <= LONGEST:
        raise SettingsError(field, value, f"must be seconds, from 0.001 to {LONGEST}")
    return round(seconds * 1000)


def _whole(lowest: int, highest: int) -> Callable[[str, object], int]:
    def parse(field: str, value: object) -> int:
        number = _number(field, value)
        if not lowest <= number <= highest or number != int(number):
            raise SettingsError(field, value, f"must be a whole number from {lowest} to {highest}")
        return int(number)

    return parse


def _optional(parse: Callable[[str, object], int]) -> Callable[[str, object], int | None]:
    def parse_or_off(field: str, value: object) -> int | None:
        return (
            None
            if value is None or value is False or (isinstance(value, str) and value in {"off", ""})
            else parse(field, value)
        )

    return parse_or_off


def _scopes(field: str, value: object) -> tuple[str, ...]:
    scopes = value.split() if isinstance(value, str) else value
    if not isinstance(scopes, list | tuple) or not all(isinstance(scope, str) and SCOPE.fullmatch(scope) for scope in scopes):
        raise SettingsError(field, value, "must be a list of scopes: visible ASCII without quotation mark and backslash")
    return tuple(scopes)


POLICY_FIELDS: dict[str, Callable[[str, Any], Any]] = {
    "ttl": _duration,
    "idle_timeout": _duration,
    "handshakes": _whole(1, 1_000_000),
    "retention": _duration,
    "create_scopes": _scopes,
    "send_scopes": _scopes,
    "token_ttl": _duration,
    "token_idle_timeout": _optional(_duration),
    "max_tokens_per_client": _optional(_whole(1, 10_000)),
    "rate_limit_per_minute": _optional(_whole(1, 1_000_000)),
    "max_text": _whole(1, 1_000_000),
    "max_body": _whole(1, HARD_MAX_BODY),
}
"""The policy fields in files, variables and control calls, each with its parser."""

DURATIONS = frozenset({"ttl", "idle_timeout", "retention", "token_ttl", "token_idle_timeout"})


def policy_from(values: Mapping[str, object], base: Policy | None = None, where: str = "policy") -> Policy:
    """Return a policy with `values` in place of those of `base`.

    Values are seconds, numbers and lists; None or "off" switches a rule off. Raises SettingsError naming the field, as
    `where`.field.
    """
    changes: dict[str, object] = {}
    for name, value in values.items():
        if name not in POLICY_FIELDS:
            raise SettingsError(f"{where}.{name}", value, f"is not known; {suggestion(name, POLICY_FIELDS)}")
        changes[name] = POLICY_FIELDS[name](f"{where}.{name}", value)
    return replace(base or Policy(), **changes)


def policy_to(policy: Policy) -> dict[str, Any]:
    """Return the policy with the names and units of files, which `policy_from` reads back."""
    shown: dict[str, Any] = {}
    for name in POLICY_FIELDS:
        value = getattr(policy, name)
        shown[name] = value / 1000 if name in DURATIONS and value is not None else value
        if isinstance(value, tuple):
            shown[name] = list(value)
    return shown


MAX_POLICY = 1 << 20
"""Most bytes of a policy file."""


def policy_table(path: Path) -> dict[str, Any]:
    """Read a TOML file of a policy. Raises SettingsError, naming the file."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_POLICY + 1)
        if len(raw) > MAX_POLICY:
            raise SettingsError("policy", str(path), f"is longer than {MAX_POLICY} bytes, so it is no policy file")
        return tomllib.loads(raw.decode())
    except OSError as error:
        raise SettingsError("policy", str(path), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError("policy", str(path), f"is not TOML: {error}") from error


def policy_from_file(path: Path) -> Policy:
    """Read a TOML policy file. Raises SettingsError naming the file, and the field if one is wrong."""
    content = policy_table(path)
    values = content.get("policy", content)
    if not isinstance(values, dict) or (values is not content and len(content) > 1):
        raise SettingsError("policy", str(path), "must hold policy values at top level, or all of them in a table [policy]")
    return policy_from(values, where=str(path))


def policy_from_environment(environment: Mapping[str, str], base: Policy | None = None) -> Policy:
    """Read the variables ``DAYFLY_POLICY_…``. Raises SettingsError for an unknown or invalid one."""
    values = {
        name.removeprefix(PREFIX).lower(): value for name, value in sorted(environment.items()) if name.startswith(PREFIX)
    }
    try:
        return policy_from(values, base, where="")
    except SettingsError as error:
        raise SettingsError(PREFIX + error.field.removeprefix(".").upper(), error.value, error.problem) from error


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a mock server.

    Empty credentials are generated. `policy` is the default organisation's, and that of organisations created without one.
    `store` is ``memory:`` or a Redis URL; `journal_file` also gets every entry. `cors` lists the origins whose pages may use
    the platform: origins, ``loopback``, ``*`` or ``off``.
    """

    policy: Policy = Policy()
    store: str = "memory:"
    client_id: str = ""
    client_secret: str = ""
    admin_token: str = ""
    opaque: bool = False
    journal_file: str = ""
    journal_entries: int = 10_000
    max_ended_sessions: int = 100_000
    max_live_sessions: int = 1_000_000
    cors: tuple[str, ...] = ("loopback",)

    @classmethod
    def load(cls, policy_file: Path | None = None, environment: Mapping[str, str] | None = None, **values: Any) -> Settings:
        """Return settings from a policy file, then variables (which win), and `values` for the fields of this class."""
        policy = policy_from_file(policy_file) if policy_file else Policy()
        return cls(policy=policy_from_environment(environment or {}, policy), **values)
