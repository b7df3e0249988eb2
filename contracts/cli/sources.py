"""Where recordings and explanations come from: files, and the control API of a running mock."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from mockserver.journal import MAX_LINE, TraceError, read

if TYPE_CHECKING:
    import httpx

    from contracts.har import Reading

DEFAULT_URL = "http://127.0.0.1:8403"

MOST_LINES = 1_000_000
"""Entries that are judged at once: some gigabytes in memory."""

HAR = (".har", ".har.gz")
"""What HAR files are called, the compressed ones so that they are told to be just that."""

WEB = ("http://", "https://")


def recorded(recording: str, organization: str, admin_token: str) -> Reading:
    """A recording: a HAR file, a trace, or the journal at a URL. Raises ClickException or the reader's."""
    from contracts.har import Reading

    file, _, page = recording.partition("#")
    if file.lower().endswith(HAR) and not recording.startswith(WEB):
        return _read_har(file, page or None)
    try:
        return Reading(list(read(_lines_of(recording, organization, admin_token))))
    except TraceError as error:
        raise click.ClickException(f"{recording}: {error}") from error


def _read_har(name: str, page: str | None) -> Reading:
    from contracts.har import MAX_BYTES, reading

    try:
        with Path(name).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror}") from error
    return reading(raw, name, page)


def _lines_of(recording: str, organization: str, admin_token: str) -> Iterator[bytes]:
    """The lines of a recording: a file's, standard input's, or a journal's at a URL. Raises ClickException."""
    if recording.startswith(WEB):
        path = f"/__admin/organizations/{organization}/trace"
        return iter(ask(recording, path, admin_token).content.splitlines())
    return _lines_of_file(recording)


def _lines_of_file(name: str) -> Iterator[bytes]:
    if name == "-":
        yield from _bounded(sys.stdin.buffer, name)
        return
    try:
        with Path(name).open("rb") as file:
            yield from _bounded(file, name)
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror}") from error


def _bounded(file: IO[bytes], name: str) -> Iterator[bytes]:
    """The lines, without the mark that some editors begin a file with, and none read further than whoever decodes it would: a
    file may be one endless line, or have no end."""
    lines = iter(lambda: file.readline(MAX_LINE + 1), b"")
    first = [line.removeprefix(BOM_UTF8) for line in islice(lines, 1)]
    yield from islice(chain(first, lines), MOST_LINES)
    if file.read(1):
        raise click.ClickException(f"{name} has more than {MOST_LINES} entries, which is more than can be judged at once")


def client(url: str, admin_token: str, patience: float = 60) -> httpx.Client:
    """An HTTP client for the control API of the mock at `url`, which waits `patience` seconds for a byte."""
    import httpx

    headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
    return httpx.Client(base_url=url, headers=headers, timeout=patience)


def ask(url: str, path: str, admin_token: str, query: Mapping[str, str] | None = None) -> httpx.Response:
    """What the control API of the mock at `url` answers. Raises ClickException where that is not 200."""
    import httpx

    try:
        with client(url, admin_token) as http:
            answer = http.get(path, params=query)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(f"there is no mock at {url}: {error}") from error
    if answer.status_code != 200:
        raise explained_refusal(url, answer)
    return answer


def explained_refusal(url: str, answer: httpx.Response) -> click.ClickException:
    """The error for an answer of the control API that is none."""
    return click.ClickException(f"{url} answers {answer.status_code}: {_message(answer)}")


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200] or answer.reason_phrase
