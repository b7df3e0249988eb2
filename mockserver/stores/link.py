"""Calls to Redis or Valkey. Commands are not repeated silently, all errors are StoreUnavailable, and connections recover."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from hashlib import sha1
from importlib.resources import files
from secrets import token_hex
from typing import Any, TypeAlias

from mockserver.errors import SettingsError, StoreUnavailable

Command: TypeAlias = Sequence[str | bytes | int]


class LuaScript:
    """A Lua script of this package, by its file name without the ending."""

    def __init__(self, name: str) -> None:
        self.text = files("mockserver.stores").joinpath(f"{name}.lua").read_bytes()
        self.digest = sha1(self.text, usedforsecurity=False).hexdigest()


class Link:
    """Calls a server. All errors are StoreUnavailable. It connects when first used, and any thread may use it.

    `timeout` is in seconds, for connecting and for each answer.
    """

    def __init__(self, url: str, timeout: float) -> None:
        """Raise SettingsError if redis-py is not installed or `url` is malformed."""
        self.url = without_password(url)
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ModuleNotFoundError as error:
            raise SettingsError("store", self.url, "needs redis-py: pip install 'dayfly[redis]'") from error
        self._failure = redis.RedisError
        self._lost: tuple[type[Exception], ...] = (redis.ConnectionError, redis.TimeoutError)
        self._no_script = redis.exceptions.NoScriptError
        self._idle: list[Any] = []
        self._process = os.getpid()
        try:
            # Only to parse the URL and create connections; it holds none.
            self._pool: Any = redis.ConnectionPool.from_url(
                url,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                retry=Retry(NoBackoff(), 0),  # a command that is repeated silently would see its own first effect
                protocol=2,  # without push messages between two answers
                decode_responses=False,
            )
        except ValueError as error:
            raise SettingsError("store", self.url, f"cannot be read: {error}") from error

        self.timeout = float(self._pool.connection_kwargs["socket_timeout"])

    def call(self, *command: str | bytes | int) -> Any:
        return self.calls([command])[0]

    def calls(self, commands: Sequence[Command]) -> list[Any]:
        """Return the answers to several commands, sent together."""
        try:
            return self._exchange(commands)
        except (self._failure, OSError) as error:
            raise StoreUnavailable(self.url, str(error)) from error

    def run(self, script: LuaScript, keys: Sequence[str], *arguments: str | bytes | int, repeatable: bool = False) -> Any:
        """Return the answer of `script`. A `repeatable` one is sent again, once, if its answer was lost."""
        try:
            try:
                return self._run(script, keys, arguments)
            except self._lost:
                if not repeatable:
                    raise
                return self._run(script, keys, arguments)
        except (self._failure, OSError) as error:
            raise StoreUnavailable(self.url, str(error)) from error

    def close(self) -> None:
        while self._idle:
            self._idle.pop().disconnect()

    def _run(self, script: LuaScript, keys: Sequence[str], arguments: Command) -> Any:
        try:
            return self._exchange([("EVALSHA", script.digest, len(keys), *keys, *arguments)])[0]
        except self._no_script:  # a restarted server has lost the script, and knows it again after EVAL
            return self._exchange([("EVAL", script.text, len(keys), *keys, *arguments)])[0]

    def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        connection = self._connection()
        try:
            connection.send_packed_command([_packed(command) for command in commands])
            answers = [connection.read_response() for _ in commands]
        except self._no_script:
            self._idle.append(connection)
            raise
        except BaseException:
            connection.disconnect()  # after any error, the next call starts with a new connection
            raise
        self._idle.append(connection)
        return answers

    def _connection(self) -> Any:
        """Return a usable connection.

        redis-py's own pool would add half to the cost of a call, and is limited to a hundred connections.
        """
        if self._process != os.getpid():  # a forked worker must not use its parent's connections
            self._process, self._idle = os.getpid(), []
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if self._is_quiet(connection):
                return connection
            connection.disconnect()
        connection = self._pool.connection_class(**self._pool.connection_kwargs)
        try:
            connection.connect()
            self._check_step(connection)
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def _check_step(self, connection: Any) -> None:
        """Raise ConnectionError if a new connection's answers do not match its commands.

        redis-py sends its own commands when it connects. If a proxy passes on one of their answers twice, each later call gets
        the answer to the one before: an ``OK`` instead of a commit's result.
        """
        word = token_hex(8)
        connection.send_command("PING", word)
        if connection.read_response() != word.encode() or not self._is_quiet(connection):
            raise self._lost[0]("the connection is out of step: an answer came twice")

    def _is_quiet(self, connection: Any) -> bool:
        """Return whether nothing is waiting to be read, neither an unread answer nor the end of the connection."""
        try:
            return not connection.can_read()
        except (self._failure, OSError):
            return False


def _packed(command: Command) -> bytes:
    """Return a command in the protocol's form (RESP 2). redis-py's own packing takes five times as long."""
    parts = [b"*%d\r\n" % len(command)]
    for part in command:
        value = part if isinstance(part, bytes) else str(part).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(parts)


def without_password(url: str) -> str:
    """Return `url` without user, password and options, which may contain one too. It need not be well-formed."""
    return re.sub(r"//.*@", "//", url).partition("?")[0]
