"""The memory that a large recording takes: `python -m tests.benchmarks.recordings --megabytes 50`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contracts.har.recordings import API, MESSAGES, SESSIONS

START = "2026-01-01T"
PADDING = "x" * 900
"""What cookies, user agents and the like add to each entry of a browser."""


def write(path: Path, size: int, every: int) -> int:
    """Writes a HAR file of at least `size` bytes, in which one entry of `every` is the platform's; returns their number."""
    written, number = 0, 0
    with path.open("w") as file:
        file.write('{"log": {"version": "1.2", "creator": {"name": "generated"}, "entries": [\n')
        for entry in _entries(every):
            if written > size:
                break
            text = json.dumps(entry)
            file.write((",\n" if number else "") + text)
            written, number = written + len(text), number + 1
        file.write("\n]}}\n")
    return number


def _entries(every: int) -> Iterator[dict[str, Any]]:
    number = 0
    while True:
        id = f"{number:08d}-0000-4000-8000-000000000000"
        calls = [(SESSIONS, {}, {"webChatSessionId": id}), (MESSAGES, {"webChatSessionId": id, "text": "hello"}, {"id": "m"})]
        for url, sent, got in calls:
            yield _entry(number, url, json.dumps(sent), json.dumps(got))
            yield from (_entry(number, f"{API.partition('/api')[0]}/app.js", "", "y" * 20_000) for _ in range(every - 1))
        number += 1


def _entry(number: int, url: str, sent: str, got: str) -> dict[str, Any]:
    seconds = number % 86_400
    headers = [
        {"name": "Authorization", "value": "Bearer a-token-from-before"},
        {"name": "Content-Type", "value": "application/json"},
    ]
    return {
        "startedDateTime": f"{START}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.137Z",
        "time": 12.5,
        "request": {
            "method": "POST" if sent else "GET",
            "url": url,
            "headers": [*headers, {"name": "Cookie", "value": PADDING}],
            "bodySize": len(sent),
        }
        | ({"postData": {"mimeType": "application/json", "text": sent}} if sent else {}),
        "response": {"status": 200, "headers": [{"name": "Via", "value": PADDING}], "content": {"text": got}},
    }


def peak(arguments: list[str]) -> int:
    """Kilobytes that this command takes at most."""
    with subprocess.Popen([sys.executable, "-m", "contracts.cli", *arguments], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in {0, 1, 2}, process.returncode
    return usage.ru_maxrss


def main() -> None:
    """Print a line for each file."""
    parser = argparse.ArgumentParser(description="Measures the memory that a large recording takes.")
    parser.add_argument("--megabytes", type=int, default=50)
    size = parser.parse_args().megabytes << 20
    print(f"{'':46}{'entries':>9}{'reproduce, peak MB':>20}{'check, peak MB':>16}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.har"
        for what, bytes, every in (
            ("1 MB", 1 << 20, 1),
            ("one entry of 20 is the platform's", size, 20),
            ("all of them are", size, 1),
        ):
            entries = write(file, bytes, every)
            peaks = [peak([command, str(file)]) / 1024 for command in ("reproduce", "check")]
            print(f"{what:46}{entries:>9}{peaks[0]:>20.0f}{peaks[1]:>16.0f}", flush=True)


if __name__ == "__main__":
    main()
