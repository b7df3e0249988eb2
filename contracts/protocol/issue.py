"""A finding as text for the client's maintainers: the observation, the broken rule, and a script to reproduce it.

The script needs only Python: it answers requests as the mock did in that run. The text does not blame, and does not contain
secrets, because the ids of a run are made up for it.
"""

from __future__ import annotations

import platform as machine
from collections.abc import Iterator

from contracts.protocol.course import CourseOfRun
from contracts.protocol.scenario import units_of
from contracts.report.model import ClauseResult, Counterexample, Report
from contracts.report.style import PLAIN
from contracts.report.table import table

KEPT_HEADERS = ("content-type", "location", "retry-after", "set-cookie", "www-authenticate")
"""Headers of answers that every script keeps, beside those that contain an id."""

SCRIPT = '''\
"""Answers requests as they were answered in the run described above. Start it, and point the client at the URL it prints."""

import re
from http.server import BaseHTTPRequestHandler, HTTPServer

THERE = "https?://" + re.escape({host!r})  # where the platform was in that run
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
        here = f"http://127.0.0.1:{{server.server_port}}"
        body = re.sub(THERE.encode(), here.encode(), body)
        for name, value in headers:
            self.send_header(name, re.sub(THERE, here, value))
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


def render(report: Report) -> str:
    """Return every finding of a report as a Markdown document; one sentence if there are none."""
    parts = [_finding(result, report) for result in report.violated if result.counterexample is not None]
    return "\n\n---\n\n".join(parts) + "\n" if parts else f"{report.target} broke nothing that was put to the test.\n"


def _finding(result: ClauseResult, report: Report) -> str:
    found, demand = result.counterexample, report.demand(result)
    assert found is not None
    assert demand is not None
    steps = () if found.scenario is None else found.scenario.parts
    lines = [f"# {found.message[:1].upper()}{found.message[1:]}", "", "## What happens", ""]
    lines += [f"{number}. {step.words}" for number, step in enumerate(steps, 1)]
    lines += ["", "```text", *table(found, PLAIN), "```", ""]
    lines += ["## What was expected", "", f"The client must {demand.statement}."]
    if demand.source:
        lines += ["", f"> {demand.source}", "", f"That is a {demand.level}." if demand.level in {"MUST", "SHOULD"} else ""]
    lines += ["", "## How to see it", ""]
    if steps:
        lines += ["Start this script, and make the client do this against the URL that it prints:", ""]
        lines += [f"- {unit.call}" for step in steps for unit in units_of(step)]
        assert isinstance(found.course, CourseOfRun)
        hosts = (value for one in found.course.trace.exchanges for name, value in one.headers if name.lower() == "host")
        lines += [
            "",
            "```python",
            SCRIPT.format(answers="\n".join(_answers(found)), host=next(hosts, "platform.invalid")).rstrip("\n"),
            "```",
            "",
        ]
    lines += ["## Versions", "", f"- {report.target}", f"- Python {machine.python_version()} on {machine.system()}"]
    return "\n".join([*lines, f"- platform: {report.platform}"])


def _answers(found: Counterexample) -> Iterator[str]:
    assert isinstance(found.course, CourseOfRun)
    for one in found.course.trace.exchanges:
        body, ids = one.answer_body, set(one.issued.values())
        headers = [(name, value) for name, value in one.answer_headers if name.lower() in KEPT_HEADERS or value in ids]
        yield f"    ({one.method!r}, {one.path!r}, {one.status!r}, {headers!r}, {body!r}),"
