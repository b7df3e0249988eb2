"""Sources of recordings and explanations: files, and the control API of a running mock."""

from __future__ import annotations

import os
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Generic, NamedTuple, TypeVar

import click
import msgspec
from msgspec import UNSET

from contracts.errors import ScenarioError
from mockserver.journal import MAX_LINE, Entry, Header, TraceError, read

if TYPE_CHECKING:
    import httpx

    from contracts.har.bodies import Attached
    from contracts.har.reader import HarReading
    from mockserver.platform import Platform

R = TypeVar("R")
V = TypeVar("V")

MOST_LINES = 1_000_000
"""Most entries that are judged at once: they take some gigabytes of memory."""

UNIX = "unix:"

WEB = ("http://", "https://", UNIX)
"""The beginnings of a mock's URL."""


class Readers(NamedTuple, Generic[R]):
    """Functions that read a recording. `har` takes a file, its name, a page and the files beside it; `trace` takes entries."""

    har: Callable[[BinaryIO, str, str | None, Attached], R]
    trace: Callable[[list[Entry], str], R]


def recorded(recording: str, organization: str, admin_token: str) -> HarReading:
    """Read a recording as entries of a journal; see `read_by`."""
    from contracts.har.reader import HarReading, reading

    def trace(entries: list[Entry], name: str) -> HarReading:
        declared = platform_in(entries)
        if declared:
            hint = f"add --platform {declared}, or the file of that platform"
            raise click.ClickException(f"{name}: this is a journal of the platform {declared}; {hint}")
        return HarReading(trace=entries)

    return read_by(Readers(reading, trace), recording, organization, admin_token)


def platform_in(entries: Iterable[Entry]) -> str:
    """Return the name of the declared platform whose journal this is; "" if it names none."""
    named = (one.platform for one in entries if isinstance(one, Header))
    return next((name for name in named if name is not UNSET), "")


def read_by(readers: Readers[R], recording: str, organization: str, admin_token: str) -> R:
    """Read a recording: a HAR file or a trace, whatever its name, or the journal at a URL.

    Raises ClickException or HarError.
    """
    if recording.startswith(WEB):
        path = f"/__admin/organizations/{organization}/trace"
        content = ask(recording, path, admin_token).content
        if not content.startswith(b'{"type":"trace"'):
            raise no_mock(recording, f"{path} has no journal")
        return readers.trace(_entries(content.splitlines(keepends=True), without_user(recording)), without_user(recording))
    name, page = file_and_page(recording)
    if not name:
        raise click.ClickException("the name of the recording is empty; name a file, or give the URL of a mock")
    if name == "-":
        if sys.stdin is None:
            raise click.ClickException("standard input is closed; name a file")
        return _read(readers, sys.stdin.buffer, name, page)
    try:
        with Path(name).open("rb") as file:
            return _read(readers, file, name, page)
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror}") from error


def read_scenario(file: Path, own: Callable[[Path], R], other: Callable[[Path], object], hint: str) -> R:
    """Read a scenario. Raises ScenarioError, or ClickException with a hint for one of the other kind."""
    try:
        return own(file)
    except ScenarioError:
        with suppress(ScenarioError):
            other(file)
            raise click.ClickException(f"{file}: this is a scenario of {hint}") from None
        raise


def file_and_page(recording: str) -> tuple[str, str | None]:
    """Return the file and the page that FILE.har#PAGE names. The name of an existing file may contain a #."""
    if os.path.isfile(recording):
        return recording, None
    name, _, page = recording.rpartition("#")
    return (name, page) if name and page else (recording, None)


def _read(readers: Readers[R], file: BinaryIO, name: str, page: str | None) -> R:
    from contracts.har.opening import opened

    found = opened(file, name, None if name == "-" else Path(name).parent)
    if found.kind == "har":
        return readers.har(found.file, name, page, found.attached)
    return readers.trace(_entries(_bounded(found.file, name), name), name)


def _entries(lines: Iterable[bytes], name: str) -> list[Entry]:
    try:
        return list(read(lines))
    except TraceError as error:
        raise click.ClickException(f"{name}: {error}") from error


def _bounded(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield lines without a byte order mark, cut after the decoder's limit: a file may have one endless line or no end."""
    lines = iter(lambda: file.readline(MAX_LINE + 1), b"")
    first = [line.removeprefix(BOM_UTF8) for line in islice(lines, 1)]
    yield from islice(chain(first, lines), MOST_LINES)
    if file.read(1):
        raise click.ClickException(f"{name} has more than {MOST_LINES} entries, which is more than can be judged at once")


def client(url: str, admin_token: str, patience: float = 60) -> httpx.Client:
    """Return an HTTP client for the control API of the mock at `url`. It waits up to `patience` seconds for a byte."""
    import httpx

    headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
    if url.startswith(UNIX):
        transport = httpx.HTTPTransport(uds=url.removeprefix(UNIX))
        return httpx.Client(base_url="http://localhost", headers=headers, timeout=patience, transport=transport)
    return httpx.Client(base_url=url, headers=headers, timeout=patience)


def ask(
    url: str, path: str, admin_token: str, query: Mapping[str, str] | None = None, *, otherwise: str = ""
) -> httpx.Response:
    """Ask the control API of the mock at `url`. Raise ClickException if the answer is not a 200.

    `otherwise` says what helps if there is no mock.
    """
    import httpx

    try:
        with client(url, admin_token) as http:
            answer = http.get(path, params=query)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        advice = _advice(url, error) + otherwise
        raise click.ClickException(f"there is no mock at {without_user(url)}: {error}{advice}") from error
    if answer.status_code != 200:
        raise explained_refusal(url, answer, otherwise)
    return answer


def asked(kind: type[V], url: str, path: str, admin_token: str, query: Mapping[str, str] | None = None) -> V:
    """Return the control API's answer to a GET. Raises ClickException, also if it is no answer of a mock's."""
    answer = ask(url, path, admin_token, query)
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError as error:
        raise no_mock(url, f"{path}: {error}") from error


def no_mock(url: str, shown_by: str, otherwise: str = "") -> click.ClickException:
    """Return the error for a server that is not a mock; `shown_by` says how that is known."""
    advice = f"give the URL that `dayfly serve` printed{otherwise}"
    return click.ClickException(f"what answers at {without_user(url)} is not a mock: {shown_by}; {advice}")


def _advice(url: str, error: Exception) -> str:
    """Say what to do if nothing usable answers at `url`."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "; set SSL_CERT_FILE to its authority, which `dayfly serve --tls` prints"
    if not url.startswith(WEB):
        return "; a URL begins with http://, https:// or unix:"
    return "; start it with `dayfly serve`, or give the URL that it printed"


def without_user(url: str) -> str:
    """Return a URL without the user and the password in it, which no message, report or script repeats."""
    return _USER.sub("//", url)


_USER = re.compile(r"(?<=:)//[^/\s]*@")


def check_platform(url: str, declared: Platform | None = None) -> None:
    """Raise an error if a provider is a mock of another platform than the declared one, or than the default one.

    It needs no token. A provider that does not answer is left to the caller.
    """
    from contracts.remote.control import ServedPlatform, platform_at
    from contracts.remote.web import NoAnswer, Web
    from mockserver.platform.library import DEFAULT

    served = ServedPlatform()
    with closing(Web(url)) as web, suppress(NoAnswer):
        served = platform_at(web)
    if declared is not None and served.name:
        served.check(url, declared)
    elif served.name not in {"", DEFAULT}:
        raise click.ClickException(f"{url} is a mock of the platform {served.name}; add --platform {served.name}, or its file")


def explained_refusal(url: str, answer: httpx.Response, otherwise: str = "") -> click.ClickException:
    """Return the error for a non-200 answer of the control API, or of a server that is not a mock."""
    try:
        message = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return no_mock(url, f"it answers {answer.status_code} to {answer.request.url.path}", otherwise)
    return click.ClickException(f"{without_user(url)} answers {answer.status_code}: {message}")
