"""A client's process: started with its credentials, listened to, and ended with all its children."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from contracts.clients.base import Credentials, Seat, Wrote, hidden
from contracts.clients.errors import ClientError

GRACE = 1.0
"""Seconds to wait for the end of a pipe: a grandchild that left the group may hold it for ever."""

KEPT_OUTPUT = 16 << 10
"""Bytes of stderr that are kept, the last ones."""

MARGIN = 1 << 10
"""Bytes before them, which are not told: what a token or a secret begins with may be among them."""

NO_SHELL = "; no shell reads it, so write sh -c '…' around it to set variables"

LAST_LINES = 15
"""How many lines of stderr are told of a client that has died: Node writes up to thirteen, the message above ten of a trace."""

_ERROR = re.compile(r"(?:[Ee]rror|Exception|Rejection|[Pp]anic|[Ff]atal)\b")

WORKING, LEAST_WORK = 0.03, 0.02
"""A process works if it has had this share of the time, and at least so many seconds: a runtime at rest has less."""

LONGEST_COMPUTING = 3
"""How many times the patience a process may work without a request or an answer."""

LONGEST_WORDS = 200
"""Characters of such a line."""


def command_line(command: str) -> list[str]:
    """A command as a list of words. Raises ClientError where it cannot be read as one."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ClientError(f"the command {command!r} cannot be read: {error}") from error
    if not words:
        raise ClientError("the command is empty")
    return words


def inherited() -> dict[str, str]:
    """Our environment without settings that are none of a client's business."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DAYFLY_")}


def identity(base_url: str, credentials: Credentials) -> dict[str, str]:
    """Return the variables that name the platform and hold a client's credentials."""
    return {
        "DAYFLY_BASE_URL": base_url,
        "DAYFLY_CLIENT_ID": credentials.client_id,
        "DAYFLY_CLIENT_SECRET": credentials.client_secret,
    }


def environment(base_url: str, credentials: Credentials) -> dict[str, str]:
    """Return a client's environment: ours, and its identity."""
    return inherited() | identity(base_url, credentials)


class Child:
    """A running process in a group of its own. `tail` is what it last wrote to stderr.

    `credentials` are those that it finds in its environment, `variables`. `wrote` takes what it writes to stderr, at once in
    a thread if the child is `listened` to, else when `hear` is called.
    """

    def __init__(
        self,
        words: Sequence[str],
        variables: Mapping[str, str],
        credentials: Credentials,
        *,
        stdout: int,
        wrote: Wrote,
        listened: bool = True,
    ) -> None:
        """Starts it. Raises ClientError where that cannot be done."""
        self._credentials, self._wrote = credentials, wrote
        try:
            self._process = subprocess.Popen(
                words,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            problem = f"the command {shlex.join(words)!r} cannot be started: {error.strerror}"
            raise ClientError(problem + (NO_SHELL if "=" in words[0] else "")) from error
        self._kept = bytearray()
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._listener: threading.Thread | None = None
        if listened:
            self._listener = threading.Thread(target=self._listen, name="dayfly stderr", daemon=True)
            self._listener.start()
        else:
            os.set_blocking(self.stderr, False)

    def belongs_to(self, seat: Seat) -> None:
        """Give the process to a seat: it has its credentials, and takes its output to stderr."""
        self._credentials, self._wrote = seat.credentials, seat.wrote

    @property
    def stdin(self) -> int:
        """The descriptor of its standard input."""
        assert self._process.stdin is not None
        return self._process.stdin.fileno()

    @property
    def stdout(self) -> int:
        """The descriptor of its standard output, where that is a pipe."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def stderr(self) -> int:
        """The descriptor of its standard error."""
        assert self._process.stderr is not None
        return self._process.stderr.fileno()

    @property
    def tail(self) -> str:
        """What it last wrote to stderr, without secrets."""
        kept = bytes(self._kept)
        text = hidden(kept.decode("utf-8", "replace"), self._credentials)
        return text[MARGIN:] if len(kept) > KEPT_OUTPUT else text

    def write(self, line: bytes) -> None:
        """Writes to its standard input, for as long as it takes it."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def end_input(self) -> None:
        """Ends its standard input."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def wait(self, seconds: float) -> int | None:
        """Waits for its end and returns its exit status (negative: the signal that killed it); None where it goes on."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        if self._listener is not None:
            self._listener.join(GRACE)
        else:
            self.hear()
        return status

    def wait_while_busy(self, patience: float, requests: Callable[[], int]) -> int | None:
        """As `wait`, for as long as it shows a sign of life within each `patience` seconds."""
        life = LifeSigns(self._process.pid, patience, requests)
        while (status := self.wait(patience)) is None:
            if life.is_still():
                return None
        return status

    def life(self, patience: float, requests: Callable[[], int]) -> LifeSigns:
        """Watches it from now on."""
        return LifeSigns(self._process.pid, patience, requests)

    def kill(self, *users: threading.Thread) -> None:
        """Ends it and its children, whatever they are doing, and gives back its pipes once their `users` have ended."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        listener = () if self._listener is None else (self._listener,)
        for thread in (*listener, *users):
            thread.join(GRACE)
            if thread.is_alive():  # a descriptor that is read from must not be given to somebody else
                return
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def hear(self) -> bool:
        """Take what it has written to stderr by now, if it is not `listened` to; return whether more may come."""
        try:
            while self._take():
                pass
        except BlockingIOError:
            return True
        return False

    def _listen(self) -> None:
        while self._take():
            pass

    def _take(self) -> bool:
        """Read a piece of stderr; return False at its end."""
        chunk = os.read(self.stderr, 1 << 16)
        if chunk:
            self._wrote("stderr", self._decode(chunk))
            self._kept += chunk
            del self._kept[: -KEPT_OUTPUT - MARGIN]
        return bool(chunk)


class LifeSigns:
    """The signs of life of a process: the `requests` that it makes, and the work that it does.

    A process that has just been started on a slow machine makes no requests either, and works all the same.
    """

    def __init__(self, process: int, patience: float, requests: Callable[[], int]) -> None:
        self._process, self._requests = process, requests
        self._enough = max(LEAST_WORK, WORKING * patience)
        self._seen, self._worked = requests(), work_of(process)
        self._computing = 0

    def is_still(self) -> bool:
        """To be asked every `patience` seconds: whether it showed nothing since, or has only computed for too long."""
        seen, worked = self._requests(), work_of(self._process)
        asked, computed = seen != self._seen, not 0 <= worked - self._worked < self._enough  # less: a child has ended
        self._seen, self._worked = seen, worked
        self._computing = 0 if asked else self._computing + 1
        return not asked and (not computed or self._computing >= LONGEST_COMPUTING)


def work_of(process: int) -> float:
    """Return the seconds of a processor's time that a process and its children have had, or were kept waiting for.

    On a busy machine a client may wait for longer than it computes. 0 if the system does not say.
    """
    try:
        times = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[11:13]
    except (OSError, IndexError):
        return 0.0
    own = sum(map(int, times)) / os.sysconf("SC_CLK_TCK") + _kept_waiting(process)
    return own + sum(map(work_of, children_of(process)))


def children_of(process: int) -> list[int]:
    """Return the processes that the threads of a process have started; none if the system does not say."""
    try:
        files = [file.read_bytes() for file in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return []
    return [int(number) for file in files for number in file.split()]


def state_of(process: int) -> str:
    """Return the letter for what a process does: R if it is ready to run, D if it waits for a disk, Z if it has ended."""
    try:
        return chr(Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2][0])
    except (OSError, IndexError):
        return ""


def _kept_waiting(process: int) -> float:
    """Return for how many seconds the threads of a process were ready to run and had no processor."""
    try:
        waits = [int(file.read_bytes().split()[1]) for file in Path(f"/proc/{process}/task").glob("*/schedstat")]
    except (OSError, IndexError, ValueError):
        return 0.0
    return sum(waits) / 1e9


def telling_line(output: str) -> str:
    """The line of stderr that names the last error, else the last line; "" if there is none.

    Node writes its version below the error, Java a trace, and httpx a link.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in output.splitlines() if _ERROR.search(line) and not line[0].isspace()]
    return next(reversed(errors or lines), "").strip()


def last_lines(output: str) -> list[str]:
    """The last lines somebody wrote, for below a message: what went wrong may stand above a trace."""
    lines = [line.rstrip().expandtabs(4) for line in output.splitlines() if line.strip()]
    return [line if len(line) <= LONGEST_WORDS else f"{line[: LONGEST_WORDS - 1]}…" for line in lines[-LAST_LINES:]]


def ending(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
