"""Tries a thousand times for each source of work whether a Python process looks idle while it is at work.

`python -m tests.contracts.clients.virtual.idling`, beside two busy loops. Exit status 1 if it ever does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.contracts.clients.virtual.speaking import HELLO, in_python, run
from tests.contracts.small import errors

SOURCES = {
    "a hash": "hashlib.pbkdf2_hmac('sha512', b'secret', b'salt', 2_000)",
    "compression": "zlib.compress(bytes(1 << 20), 6)",
    "a name": "socket.getaddrinfo('localhost', 80)",
    "a file": "open(sys.executable, 'rb').read(1 << 20)",
    "an import": "sys.modules.pop('xml.dom.minidom', None); importlib.import_module('xml.dom.minidom')",
    "a computation": "sum(range(30_000))",
    "a database": "sqlite3.connect(':memory:').execute('with recursive c(x) as (select 1 union all select x + 1 from c"
    " limit 3000) select sum(x) from c').fetchall()",
    "a queue": "box = queue.Queue(); threading.Thread(target=lambda: box.put(zlib.crc32(bytes(1 << 20)))).start(); box.get()",
    "a socket": "one, other = socket.socketpair(); threading.Thread(target=one.sendall, args=[bytes(1 << 18)]).start();"
    " got = 0\n        while got < 1 << 18: got += len(other.recv(1 << 16))\n        one.close(); other.close()",
    "a child": "subprocess.run(['true'], check=True)",
}
"""What a process may be at. A child without a shim is real, so that it is tried only as often as time allows."""

BEFORE = "import asyncio, hashlib, importlib, queue, socket, sqlite3, subprocess, threading, zlib"

BODY = """
def work():
        {work}
        return "work"

async def race():
    loop = asyncio.get_running_loop()
    done = asyncio.ensure_future(loop.run_in_executor(None, work))
    late = asyncio.ensure_future(asyncio.sleep(0.001))
    first, _ = await asyncio.wait([done, late], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(done, late)
    return done in first

async def main():
    return sum([not await race() for _ in range({tries})])

def in_thread():
    first = []
    timer = threading.Timer(0.001, first.append, ["timer"])
    timer.start(); work(); first.append("work"); timer.join()
    return first[0] == "work"

return [asyncio.run(main()), sum([not in_thread() for _ in range({tries})])]
"""


def false_idles(work: str, tries: int) -> list[int]:
    """Return how often a timer struck before the work was done: in a pool of threads, and beside a thread."""
    with tempfile.TemporaryDirectory() as folder:
        seen = run(in_python(Path(folder), BODY.format(work=work, tries=tries), BEFORE), HELLO, patience=600)
    said: list[int] = json.loads(errors(seen)[0])
    return said


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep so many processors busy."""
    with ExitStack() as stack:
        for _ in range(loops):
            loop = stack.enter_context(subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]))
            stack.callback(loop.kill)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", default=list(SOURCES))
    parser.add_argument("--tries", type=int, default=1000)
    parser.add_argument("--busy", type=int, default=2)
    options = parser.parse_args()
    found = 0
    with busy(options.busy):
        for name in options.only:
            pool, thread = false_idles(SOURCES[name], options.tries)
            found += pool + thread
            print(f"{name}: {pool} of {options.tries} in a pool, {thread} of {options.tries} beside a thread", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
