"""What makes a client impossible to judge: the run ends with one line, and what it quotes, and exit status 2."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.clients.names import HOST
from contracts.errors import ContractsError


class Terminated(SystemExit):
    """SIGTERM ends this process: no client has asked for that."""


class ClientError(ContractsError):
    """Root of the errors in this file."""


class TargetError(ClientError):
    """TARGET does not lead to a factory; `target` is what was given, `problem` says why not."""

    def __init__(self, target: str, problem: str) -> None:
        super().__init__(f"{target}: {problem}")
        self.target, self.problem = target, problem


class FactoryError(ClientError):
    """The factory was called and gave no client."""


class ThreadsReplaced(ClientError):
    """A `library` has replaced the `replaced`, threads or sockets, of this process, which the judge needs."""

    def __init__(self, replaced: str, library: str) -> None:
        super().__init__(
            f"{library} has replaced the {replaced} of this process (monkey patching), so the client cannot be judged in it;"
            " judge it with --command, which runs it in a process of its own and in real time"
        )


class PlatformUnreached(ClientError):
    """No request of the client reached the mock. `way_in` says what it has to do, `error` what its first message failed with.

    `strayed`: it looked for HOST on the network.
    """

    def __init__(self, way_in: str, error: str = "", *, strayed: bool = False) -> None:
        if strayed:
            problem = f"the client opens connections of its own to {HOST}, which is a name within this process; {way_in}"
        else:
            said = f", and its first message failed with {error}" if error else ""
            problem = f"no request of the client reached the mock{said}; to reach it, {way_in}"
        super().__init__(problem)


class BeyondVirtualTime(ClientError):
    """A request came from a process that has no virtual time, though another of the client's has."""

    reason = "it asks the platform from a process that did not say hello, though another of its processes did"

    def __init__(self) -> None:
        super().__init__(f"the client cannot be in virtual time: {self.reason}; judge it with --real-time")


class NothingSent(ClientError):
    """The client raised `error` before its first request, in each of so many `scenarios` and in the plainest one.

    `quoted` are the frames that lead to where it was raised.
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
    """A client process does not speak as it should; `problem` names what was seen, `quoted` is what it last wrote to stderr."""

    def __init__(self, problem: str, quoted: Sequence[str] = ()) -> None:
        heading = "; its last words on stderr:" if quoted else ""
        super().__init__("\n  ".join([problem + heading, *quoted]))
        self.problem, self.quoted = problem, quoted
