"""The sources of work that a Ruby process may have under way, and a client that races each of them against a timer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contracts.clients.virtual.driver import VirtualClients
from contracts.runner import Runner
from contracts.scenario import Scenario, Send
from tests.contracts.clients.virtual.speaking import HELLO, PATIENCE, in_ruby
from tests.contracts.small import errors

SOURCES = {
    "a hash": "OpenSSL::KDF.pbkdf2_hmac('secret', salt: 'salt', iterations: 2_000, length: 64, hash: 'sha512')",
    "a key": "OpenSSL::PKey::EC.generate('prime256v1')",
    "compression": "Zlib.deflate(TEXT)",
    "decompression": "Zlib.inflate(PACKED)",
    "a name": "Addrinfo.getaddrinfo('localhost', 80)",
    "a file": "File.binread(RbConfig.ruby, 1 << 20)",
    "a library": "load('json/version.rb')",
    "a computation": "(1..10_000).sum { |n| n * n }",
    "a garbage collection": "GC.start",
    "a queue": "box = Queue.new; Thread.new { box << Zlib.crc32(TEXT) }; box.pop",
    "a full queue": "box = SizedQueue.new(1); Thread.new { 3.times { box << 1 } }; 3.times { box.pop }",
    "a lock": "lock = Mutex.new; Thread.new { lock.synchronize { Zlib.crc32(TEXT) } }; lock.synchronize {}",
    "a condition": "lock, done = Monitor.new, false; told = lock.new_cond"
    "; Thread.new { lock.synchronize { done = true; told.signal } }; lock.synchronize { told.wait_until { done } }",
    "a thread": "Thread.new { Zlib.crc32(TEXT) }.value",
    "a time limit": "Timeout.timeout(5) { Zlib.crc32(TEXT) }",
    "a pipe": "one, other = IO.pipe; Thread.new { other << TEXT; other.close }; one.read; one.close",
    "a socket": "one, other = UNIXSocket.pair; Thread.new { other.write(TEXT); other.close }; one.each_line {}; one.close",
    "a server of its own": "server = TCPServer.new('127.0.0.1', 0); Thread.new { io = server.accept; io << 'x'; io.close }"
    "; TCPSocket.open('127.0.0.1', server.local_address.ip_port, &:read); server.close",
    "a child": "system('true')",
    "a child on Ruby": "`ruby --disable-gems -e 'puts 1'`",
    "a copy": "Process.wait(fork { exit!(0) })",
    "a request": "Net::HTTP.get_response(BASE)",
}
"""Each is a statement that takes no time of the process's."""

BEFORE = """
require "monitor"; require "net/http"; require "openssl"; require "socket"; require "timeout"; require "zlib"
BASE, TEXT = URI(ENV["DAYFLY_BASE_URL"]), "x" * (1 << 18)
PACKED = Zlib.deflate(TEXT)
"""

MOST_AT_ONCE = 100
"""Tries for one message, because a client may make only so many requests for it."""

BODY = """
Integer(text).times.count do
  first = []
  timer = Thread.new {{ sleep(0.001) && first << "timer" }}
  Thread.new {{ {work}; first << "work" }}.join
  timer.join
  first[0] != "work"
end
"""


def lost(folder: Path, work: str, tries: int) -> Iterator[tuple[int, int]]:
    """Try so often whether a timer of 1 ms is faster than some work; return how often was tried, and how often it was.

    Raises AssertionError if the client fails.
    """
    with Runner(VirtualClients(in_ruby(folder, BODY.format(work=work), BEFORE), patience=PATIENCE)) as world:
        for first in range(0, tries, MOST_AT_ONCE):
            number = min(MOST_AT_ONCE, tries - first)
            seen = world.run(Scenario((Send(HELLO.guest, str(number)),)))
            assert errors(seen), seen.hung
            yield number, int(errors(seen)[0])
