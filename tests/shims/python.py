"""The sources of work that a Python process may have under way, and a client that races each of them against a timer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contracts.clients.virtual.driver import VirtualClients
from contracts.runner import Runner
from contracts.scenario import Scenario, Send
from tests.contracts.clients.virtual.speaking import HELLO, PATIENCE, in_python
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
    "a child on Python": "subprocess.check_output([sys.executable, '-c', 'print(1)'])",
    "a request": "try: urllib.request.urlopen(BASE)\n        except urllib.error.HTTPError as answer: answer.read()",
}
"""Each is a statement that takes no time of the process's."""

BEFORE = """
import asyncio, hashlib, importlib, queue, socket, sqlite3, subprocess, threading, urllib.error, urllib.request, zlib
BASE = os.environ["DAYFLY_BASE_URL"]
"""

MOST_AT_ONCE = 50
"""Tries for one message, because a client may make only so many requests for it."""

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
    return sum([not await race() for _ in range(int(text))])

def in_thread():
    first = []
    timer = threading.Timer(0.001, first.append, ["timer"])
    timer.start(); work(); first.append("work"); timer.join()
    return first[0] == "work"

return asyncio.run(main()) + sum([not in_thread() for _ in range(int(text))])
"""


def lost(folder: Path, work: str, tries: int) -> Iterator[tuple[int, int]]:
    """Try so often in a pool of threads, and as often beside a thread, whether a timer of 1 ms is faster than some work.

    Return how often was tried, and how often it was. Raises AssertionError if the client fails.
    """
    command = in_python(folder, BODY.format(work=work), BEFORE)
    with Runner(VirtualClients(command, patience=PATIENCE)) as world:
        for first in range(0, tries, MOST_AT_ONCE):
            number = min(MOST_AT_ONCE, tries - first)
            seen = world.run(Scenario((Send(HELLO.guest, str(number)),)))
            assert errors(seen), seen.hung
            yield 2 * number, int(errors(seen)[0])
