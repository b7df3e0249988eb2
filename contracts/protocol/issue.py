"""A finding as text for those who maintain the client: what happens, what it is against, and a script that shows it.

The script needs nothing but Python: it answers requests as the mock did in the run that is told. It accuses nobody, and has no
secrets in it, for a run is made of ids that were drawn for it.
"""

from __future__ import annotations

import platform as machine
from collections.abc import Iterator

from contracts.protocol.report import story_of
from contracts.protocol.scenario import Do, Together, told
from contracts.protocol.trace import Exchange
from contracts.protocol.verify import Finding, Report
from mockserver.platform.model import Platform

KEPT_HEADERS = ("content-type", "location", "retry-after", "set-cookie", "www-authenticate")
"""Headers of answers that every script keeps; beside them those in which an id stands."""

SCRIPT = '''\
"""Answers requests as they were answered in the run described above. Start it, and point the client at the URL it prints."""

from http.server import BaseHTTPRequestHandler, HTTPServer

ANSWERS = [  # method, path, status (None: no answer), headers, body
{answers}
]


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = next((one for one in ANSWERS if one[:2] == (self.command, self.path.partition("?")[0])), None)
        if found is None:
            self.send_error(404, "nothing more is known of this path")
            return
        ANSWERS.remove(found)
        _, path, status, headers, body = found
        print(self.command, path, "->", status)
        if status is None:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{{server.server_port}}", flush=True)
server.serve_forever()
'''


def render(report: Report, platform: Platform) -> str:
    """Return every finding of a report as a Markdown document; a sentence if there is none."""
    parts = [_finding(finding, report, platform) for finding in report.violated]
    return "\n\n---\n\n".join(parts) + "\n" if parts else f"{report.target} broke nothing that was put to the test.\n"


def _finding(finding: Finding, report: Report, platform: Platform) -> str:
    verdict, found = finding.verdict, finding.found
    lines = [f"# {verdict.message[:1].upper()}{verdict.message[1:]}", "", "## What happens", ""]
    if found is not None:
        lines += [f"{number}. {told(step)}" for number, step in enumerate(found.scenario.steps, 1)]
        lines += ["", "```text", *story_of(found, platform, verdict.at), "```", ""]
    lines += ["## What was expected", "", f"{verdict.statement[:1].upper()}{verdict.statement[1:]}."]
    if verdict.source:
        lines += ["", f"> {verdict.source}", "", f"That is a {verdict.level}." if verdict.level in {"MUST", "SHOULD"} else ""]
    lines += ["", "## How to see it", ""]
    if found is not None:
        calls = [unit for step in found.scenario.steps for unit in _units(step)]
        lines += ["Start this script, and make the client do this against the URL that it prints:", ""]
        lines += [f"- {unit.unit}({', '.join(f'{name}={value!r}' for name, value in unit.given.items())})" for unit in calls]
        answers = "\n".join(_answers(found.trace.exchanges))
        lines += ["", "```python", SCRIPT.format(answers=answers).rstrip("\n"), "```", ""]
    lines += ["## Versions", "", f"- {report.target}", f"- Python {machine.python_version()} on {machine.system()}"]
    lines += [f"- platform: {platform.title}"]
    return "\n".join(lines)


def _units(step: object) -> tuple[Do, ...]:
    return step.units if isinstance(step, Together) else (step,) if isinstance(step, Do) else ()


def _answers(exchanges: list[Exchange]) -> Iterator[str]:
    for one in exchanges:
        body, ids = one.answer_body, set(one.issued.values())
        headers = [(name, value) for name, value in one.answer_headers if name.lower() in KEPT_HEADERS or value in ids]
        yield f"    ({one.method!r}, {one.path!r}, {one.status!r}, {headers!r}, {body!r}),"
