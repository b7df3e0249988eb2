"""Processes that take part in virtual time, for tests: fake ones, and real ones in Node, Python and Ruby."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from textwrap import dedent, indent

from contracts.clients.virtual.driver import VirtualClients
from contracts.runner import Run, Runner
from contracts.scenario import Item, Message, Scenario, Send, SendParallel
from mockserver.journal import Guest, Header
from tests.need import need

ROOT = Path(__file__).parents[4]
LINES = ROOT / "fixtures" / "clients" / "json_lines.mjs"

HELLO = Send(Guest("Ann", "ann@example.com"), "hello")
BOTH = SendParallel((Message(Guest("Ann", "a"), "a"), Message(Guest("Bob", "b"), "b")))

PATIENCE = 30.0
"""Seconds; nothing in these tests waits so long, but a machine may be slow."""
SOON = 1.0
"""For clients that hang on purpose: long enough for one to start."""

SPEAKER = """\
import json, os, select, socket, sys, time
channel = socket.socket(socket.AF_UNIX)
channel.connect(os.environ["DAYFLY_TIME"])
answers = channel.makefile("r")

def send(text):
    channel.sendall(text.encode() + b"\\n")

def answer():
    line = answers.readline()
    if not line:
        os._exit(70)
    return json.loads(line)

def ask(**message):
    send(json.dumps(message))
    return answer()

def idle(**more):
    global now
    now = ask(**{"idle": True, "at": now, "next": None, **more})["now"]

def sleep(seconds):
    end = now + int(seconds * 1e6)
    while now < end:
        idle(next=end)

unread = b""

def line():
    global unread
    while b"\\n" not in unread:
        if select.select([0], [], [], 0)[0]:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                return {}
            unread += chunk
        else:
            idle()
    first, _, unread = unread.partition(b"\\n")
    return json.loads(first)

def say(**reply):
    print(json.dumps(reply), flush=True)

def hello(version=1):
    global now
    now = ask(hello=version)["now"]
"""


def fake(folder: Path, body: str) -> str:
    """Return the command of a Python program that speaks the protocol: `hello()`, `idle()`, `sleep()`, `line()`, `say()`."""
    path = folder / "client.py"
    path.write_text(SPEAKER + body)
    return shlex.join([sys.executable, "-S", str(path)])


def in_node(folder: Path, body: str, before: str = "") -> str:
    """Return the command of a Node client whose `send(guest, text)` has this body; what it returns is told as its error."""
    path = folder / "client.mjs"
    path.write_text(
        f"import {{ serve }} from {LINES.as_uri()!r};\n{before}\n"
        f"await serve(async (guest, text) => {{\n"
        f"  const told = await (async () => {{ {body} }})();\n"
        f"  if (told !== undefined) throw new Error(JSON.stringify(told));\n}});\n"
    )
    return shlex.join([need("node"), str(path)])


IN_PYTHON = """\
import json, os, sys
{before}

def send(guest, text):
{body}

for line in sys.stdin:
    asked = json.loads(line)
    told = send(**asked["send"])
    reply = {{"ok": True}} if told is None else {{"ok": False, "error": json.dumps(told)}}
    print(json.dumps({{"id": asked["id"], **reply}}), flush=True)
"""


def in_python(folder: Path, body: str, before: str = "", python: str = sys.executable) -> str:
    """Return the command of a Python client whose `send(guest, text)` has this body; what it returns is told as its error."""
    path = folder / "client.py"
    path.write_text(IN_PYTHON.format(body=indent(dedent(body), "    "), before=dedent(before)))
    return shlex.join([python, str(path)])


IN_RUBY = """\
require "json"
{before}
def send_message(guest, text)
{body}
end

STDIN.each_line do |line|
  asked = JSON.parse(line)
  told = send_message(asked["send"]["guest"], asked["send"]["text"])
  puts({{ id: asked["id"], ok: told.nil?, **(told.nil? ? {{}} : {{ error: told.to_json }}) }}.to_json)
  STDOUT.flush
end
"""


def in_ruby(folder: Path, body: str, before: str = "") -> str:
    """Return the command of a Ruby client whose method `send_message` has this body; what it returns is told as its error."""
    path = folder / "client.rb"
    path.write_text(IN_RUBY.format(body=body, before=before))
    return shlex.join([need("ruby"), str(path)])


def header(seen: Run) -> Header:
    """Return the first entry of a trace, which says whose time it is in."""
    first = seen.trace[0]
    assert isinstance(first, Header)
    return first


def run(command: str, *items: Item, patience: float = PATIENCE, chance: int = 0) -> Run:
    """Put a command through one scenario, in virtual time."""
    with Runner(VirtualClients(command, patience=patience)) as world:
        return world.run(Scenario(items, chance=chance))


OUTLIVED = """\
import ctypes, os, sys, threading

def outlive():
    while open("/proc/self/stat").read().rpartition(") ")[2][0] != "Z": pass
    print("the first thread has ended", flush=True)
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=outlive).start()
ctypes.CDLL(None).pthread_exit(None)
"""
"""A Python program whose first thread ends and says so. It ends at the end of its input, and looks like a zombie before."""
