"""`dayfly demo`: a refused message and its explanation, then two clients judged; for people new to the tool."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from contracts.cli.options import SETTINGS, json_option
from contracts.cli.output import say_json, style_for
from mockserver.journal import SESSION_ID

if TYPE_CHECKING:
    import httpx

    from contracts.report.model import Report
    from contracts.report.style import Style
    from mockserver.assemble import Assembly

WIDTH = 80
"""Most columns of the demonstration, so that it can be pasted anywhere."""

EXAMPLES = 100
"""Scenarios drawn for each client: enough to find what is shown, within seconds."""

SHOWN_HEADERS = frozenset({"authorization", "content-type", "date", "inin-correlation-id", "dayfly-reason"})
HOURS = 3600


@click.command("demo", context_settings=SETTINGS)
@json_option
def command(as_json: bool) -> None:
    """Show a refused message and its explanation, then judge two clients: one that sends such messages, and one that
    does not.
    """
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        _show()
    if as_json:
        say_json({"shown": ["refusal", "caching client", "recovering client"]})


def _show() -> None:
    """Show all three. Raises ClickException if one does not end as expected."""
    style = style_for(sys.stdout, WIDTH)
    came_out = [_refusal(style), _caching_client(style), _recovering_client(style)]
    _say(style, "", "Next:", "")
    _quote(style, ["dayfly verify path/to/your_client.py:factory", "dayfly explain S1", "dayfly serve"])
    if not all(came_out):
        raise click.ClickException("the demonstration did not end as expected; please report this with the text above")


# -- 1: a refused message, and why -----------------------------------------------------------------------------------


def _refusal(style: Style) -> bool:
    from mockserver.assemble import assemble
    from mockserver.explain import explain
    from mockserver.live import LiveServer
    from mockserver.web import create_app

    _title(style, "1. A message that the platform refuses")
    with assemble() as parts, LiveServer(create_app(parts)) as server:
        _say(style, f"A mock of the platform runs at {server.url}.")
        answer = _send_to_an_old_session(style, server.url, parts)
        story = explain(parts.platform, answer.headers["ININ-Correlation-Id"])
    _say(style, "", "But for Dayfly-Reason, which is the mock's own, that is all a client learns. The story behind it:", "")
    _quote(style, story.to_text(style.width - 4).splitlines())
    return answer.status_code == 403 and answer.json()["code"] == "not.authorized"


def _send_to_an_old_session(style: Style, url: str, parts: Assembly) -> httpx.Response:
    import httpx

    from mockserver.control import Control
    from mockserver.engine.model import MESSAGES, SESSIONS, TOKENS

    settings = parts.settings
    with httpx.Client(base_url=url) as http:
        form = {"grant_type": "client_credentials"}
        token = http.post(TOKENS, auth=(settings.client_id, settings.client_secret), data=form).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        id = http.post(SESSIONS, json={"guest": {"name": "Ann", "email": "ann@example.com"}}).json()[SESSION_ID]
        first = http.post(MESSAGES, json={SESSION_ID: id, "text": "Good morning"})
        _say(style, f"In the morning Ann has a web chat: her session takes a message ({first.status_code}).")
        Control(parts).tenant("default").clock.advance(4 * HOURS)
        _say(style, "Four hours later, on the mock's clock, her session id is used again:", "")
        answer = http.post(MESSAGES, json={SESSION_ID: id, "text": "Welcome back"})
    _quote(style, [f"> {line}" for line in _raw_request(answer.request)])
    _say(style, "")
    _quote(style, [f"< {line}" for line in _raw_answer(answer)])
    return answer


def _raw_request(request: httpx.Request) -> Iterator[str]:
    yield f"{request.method} {request.url.path} HTTP/1.1"
    yield from _raw_headers(request.headers)
    yield from _raw_body(json.loads(request.content))


def _raw_answer(answer: httpx.Response) -> Iterator[str]:
    yield f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"
    yield from _raw_headers(answer.headers)
    yield from _raw_body(answer.json())


def _raw_headers(headers: httpx.Headers) -> Iterator[str]:
    for name, value in headers.raw:
        if name.decode().lower() in SHOWN_HEADERS:
            yield f"{name.decode()}: {value.decode()}"


def _raw_body(body: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield from json.dumps(body, indent=2, ensure_ascii=False).splitlines()


# -- 2 and 3: clients judged -----------------------------------------------------------------------------------------


def _caching_client(style: Style) -> bool:
    from contracts.report import text

    _title(style, "2. A client that keeps session ids")
    report = _verified(style, "cached_session.py")
    found = next((result for result in report.violated if result.code == "S1"), None)
    if found is None or found.counterexample is None or found.counterexample.scenario is None:
        return False
    once = structs.replace(report, seed=None)  # no command to see it again: that is the demonstration itself
    click.echo(text.counterexample(once, found, style), color=True)
    others = ", ".join(f"{result.code} {result.name}" for result in report.violated if result is not found)
    _say(style, f"It breaks other rules as well: {others}.")
    return found.counterexample.scenario.intents <= 3


def _recovering_client(style: Style) -> bool:
    from contracts.report import text

    _title(style, "3. A client that creates a session for each message, and recovers")
    report = _verified(style, "recovering.py")
    click.echo(text.render(report, style), nl=False, color=True)
    return report.exit_status() == 0


def _verified(style: Style, name: str) -> Report:
    from contracts.clients.python import PythonClients
    from contracts.clients.target import find
    from contracts.verify import Options, verify

    target = f"{_shipped_clients() / name}:factory"
    _say(style, f"dayfly verify {target}", "")
    return verify(target, PythonClients(find(target)), Options(examples=EXAMPLES, seed=0))


def _shipped_clients() -> Path:
    """Return the directory of the shipped clients: inside the installed package, or beside it in a checkout; relative if
    shorter.
    """
    package = Path(__file__).parents[1]
    packaged = package / "_fixtures" / "clients"
    folder = packaged if packaged.is_dir() else package.parent / "fixtures" / "clients"
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


# -- on the terminal -------------------------------------------------------------------------------------------------


def _title(style: Style, text: str) -> None:
    _say(style, "")
    click.echo(style.paint(style.say(text), "bold", "cyan"), color=True)
    _say(style, "")


def _say(style: Style, *paragraphs: str) -> None:
    """Print paragraphs, wrapped. An empty one is an empty line."""
    for paragraph in paragraphs:
        for line in style.hang("", paragraph) or [""]:
            click.echo(line)


def _quote(style: Style, lines: Iterable[str]) -> None:
    """Print lines as they are, indented, and cut if they do not fit."""
    for line in lines:
        click.echo(("    " + style.clip(style.say(line), style.width - 4)).rstrip())
