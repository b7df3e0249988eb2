"""The sources of work that a Node process may have under way, and a client that races each of them against a timer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contracts.clients.virtual.driver import VirtualClients
from contracts.runner import Runner
from contracts.scenario import Scenario, Send
from tests.contracts.clients.virtual.speaking import HELLO, PATIENCE, in_node
from tests.contracts.small import errors

SOURCES = {
    "crypto.scrypt": "util.promisify(crypto.scrypt)('secret', 'salt', 64, { N: 1024 })",
    "crypto.pbkdf2": "util.promisify(crypto.pbkdf2)('secret', 'salt', 2_000, 64, 'sha512')",
    "crypto.randomBytes": "util.promisify(crypto.randomBytes)(64)",
    "crypto.generateKeyPair": "util.promisify(crypto.generateKeyPair)('ec', { namedCurve: 'P-256' })",
    "crypto.sign": "util.promisify(crypto.sign)('sha256', Buffer.from('text'), keys.privateKey)",
    "crypto.subtle.digest": "crypto.subtle.digest('SHA-512', new Uint8Array(1 << 18))",
    "crypto.subtle.generateKey": "crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])",
    "crypto.subtle.deriveBits": "crypto.subtle.deriveBits(pbkdf2, key, 256)",
    "zlib.gzip": "util.promisify(zlib.gzip)(bytes)",
    "zlib.brotliCompress": "util.promisify(zlib.brotliCompress)(bytes.subarray(0, 4096))",
    "zlib, a stream": "streams.buffer(Readable.from([bytes]).pipe(zlib.createGzip()))",
    "DecompressionStream": "new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).text()",
    "dns.lookup": "dns.lookup('localhost')",
    "fs.readFile": "fs.readFile(path)",
    "fs.createReadStream": "streams.text(createReadStream(path))",
    "import": "import(`data:text/javascript,export default ${n}`)",
    "import of a file": "import(`${href}?${n}`)",
    "WebAssembly.compile": "WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))",
    "fetch": "fetch(base).then((answer) => answer.text())",
    "fetch, a connection each": "fetch(base, { headers: { connection: 'close' } }).then((answer) => answer.text())",
    "node:http": "new Promise((done, fail) => http.get(base, (answer) => answer.resume().on('end', done)).on('error', fail))",
    "fetch, a stream as body": "fetch(base, { method: 'POST', duplex: 'half', body: new Blob(['x']).stream() })",
    "a server of its own": "new Promise(listen)",
    "MessageChannel": "new Promise(post)",
    "setImmediate": "new Promise((done) => setImmediate(() => setImmediate(done)))",
    "process.nextTick": "new Promise((done) => process.nextTick(() => process.nextTick(done)))",
    "queueMicrotask": "(async () => { for (let i = 0; i < 100; i++) await i; })()",
    "child process": "util.promisify(execFile)(process.execPath, ['-e', '0'])",
}
"""Each is an expression whose promise is settled without any time that passes; `n` is the number of the try."""

BEFORE = """
import crypto from "node:crypto"; import dns from "node:dns/promises"; import fs from "node:fs/promises";
import http from "node:http"; import net from "node:net"; import util from "node:util"; import zlib from "node:zlib";
import { execFile } from "node:child_process"; import { createReadStream, writeFileSync } from "node:fs";
import { MessageChannel } from "node:worker_threads";
import { Readable } from "node:stream"; import * as streams from "node:stream/consumers";
const base = process.env.DAYFLY_BASE_URL, bytes = crypto.randomBytes(1 << 16), packed = zlib.gzipSync(bytes);
const keys = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
const href = new URL("module.mjs", import.meta.url).href, path = new URL(href).pathname;
writeFileSync(path, "export default 7");
const pbkdf2 = { name: "PBKDF2", salt: new Uint8Array(8), iterations: 2000, hash: "SHA-256" };
const key = await crypto.subtle.importKey("raw", new Uint8Array(32), "PBKDF2", false, ["deriveBits"]);
function listen(done) {
  const server = net.createServer((connection) => connection.end("x")).listen(0, "127.0.0.1", () => {
    net.connect(server.address().port).resume().on("close", () => server.close(done));
  });
}
function post(done) {
  const { port1, port2 } = new MessageChannel();
  port1.once("message", () => done(port1.close()));
  port2.postMessage(7);
}
"""

MOST_AT_ONCE = 100
"""Tries for one message, because a client may make only so many requests for it."""


def lost(folder: Path, work: str, tries: int) -> Iterator[tuple[int, int]]:
    """Try so often whether a timer of 1 ms is faster than some work; return how often was tried, and how often it was.

    Raises AssertionError if the client fails.
    """
    body = f"""
      let lost = 0;
      const [tries, first] = JSON.parse(text);
      for (let n = first; n < first + tries; n++) {{
        let timer;
        const late = new Promise((done) => {{ timer = setTimeout(done, 1, "the timer"); }});
        const winner = await Promise.race([Promise.resolve({work}).then(() => "the work"), late]);
        if (winner === "the timer") lost++;
        clearTimeout(timer);
      }}
      return lost;
    """
    with Runner(VirtualClients(in_node(folder, body, BEFORE), patience=PATIENCE)) as world:
        for first in range(0, tries, MOST_AT_ONCE):
            number = min(MOST_AT_ONCE, tries - first)
            seen = world.run(Scenario((Send(HELLO.guest, f"[{number}, {first}]"),)))
            assert errors(seen), seen.hung
            yield number, int(errors(seen)[0].removeprefix("Error: "))
