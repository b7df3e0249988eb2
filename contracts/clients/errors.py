"""Errors that make it impossible to judge a client. They end the run with their message and exit status 2."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.clients.names import HOST
from contracts.errors import ContractsError


class Terminated(SystemExit):
    """SIGTERM ends this process. No client asked for it."""


class ClientError(ContractsError):
    """Root of the errors in this file."""


class TargetError(ClientError):
    """TARGET does not lead to a factory. `target` is the given text, `problem` the reason."""

    def __init__(self, target: str, problem: str) -> None:
        super().__init__(f"{target}: {problem}")
        self.target, self.problem = target, problem


class FactoryError(ClientError):
    """The factory raised, or returned something that is not a client.

    `quoted` are the frames that lead to the raise, and `client_line` is the innermost of the client's.
    """

    def __init__(self, problem: str, quoted: Sequence[str] = (), line: tuple[str, int] | None = None) -> None:
        heading = "; it was raised here:" if quoted else ""
        super().__init__("\n  ".join([problem + heading, *quoted]))
        self.problem, self.quoted, self.client_line = problem, quoted, line


class ThreadsReplaced(ClientError):
    """A `library` has replaced the threads or sockets (`replaced`) of this process, which the judge needs."""

    def __init__(self, replaced: str, library: str) -> None:
        super().__init__(
            f"{library} has replaced the {replaced} of this process (monkey patching), so the client cannot be judged in it;"
            " judge it with --command, which runs it in a process of its own and in real time"
        )


class PlatformUnreached(ClientError):
    """No request of the client reached the mock. `way_in` says how to reach it, `error` how the first message failed.

    `strayed`: the client looked for HOST on the network.
    """

    def __init__(self, way_in: str, error: str = "", *, strayed: bool = False) -> None:
        if strayed:
            problem = f"the client opens connections of its own to {HOST}, which is a name within this process; {way_in}"
        else:
            said = f", and its first message failed with {error}" if error else ""
            problem = f"no request of the client reached the mock{said}; to reach it, {way_in}"
        super().__init__(problem)


class BeyondVirtualTime(ClientError):
    """The client cannot be in virtual time, though its processes say hello. `reason` is why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the client cannot be in virtual time: {self.reason}; judge it with --real-time")


class NothingSent(ClientError):
    """The client raised `error` before its first request: in each of `scenarios` scenarios and in the simplest one.

    `quoted` are the frames that lead to the raise.
    """

    def __init__(self, error: str, scenarios: int, quoted: Sequence[str] = ()) -> None:
        problem = (
            f"the client raised {error} before it sent anything, in each of {scenarios} scenarios, so it cannot be judged;"
            " let it deliver one message first"
        )
        heading = "; it was raised here:" if quoted else ""
        super().__init__("\n  ".join([problem + heading, *quoted]))
        self.error, self.quoted = error, quoted


class ClientProtocolError(ClientError):
    """A client process does not follow the protocol. `problem` names what was seen, `quoted` is the end of its stderr."""

    def __init__(self, problem: str, quoted: Sequence[str] = ()) -> None:
        heading = "; its last words on stderr:" if quoted else ""
        super().__init__("\n  ".join([problem + heading, *quoted]))
        self.problem, self.quoted = problem, quoted
