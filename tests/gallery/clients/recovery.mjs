// The recovery that the Node clients share; how a request travels is left to each.
// `post(path, headers, body)` resolves to {status, headers: get(name), text}, and rejects without an answer.

import { setTimeout as sleep } from "node:timers/promises";
import { createInterface } from "node:readline";

const { DAYFLY_CLIENT_ID: id, DAYFLY_CLIENT_SECRET: secret } = process.env;
const TOKEN = "/oauth/token";
const SESSIONS = "/api/v2/conversations/webchat/sessions";
const MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage";

class Failure extends Error {
  constructor(kind, { wait, times = 3, doubtful = false } = {}) {
    super(kind);
    Object.assign(this, { kind, wait, times, doubtful });
  }
}

export function recovering(post) {
  let token, renewal;

  const bearer = () => {
    if (token) return token;
    renewal ??= persist(logIn)
      .then((taken) => (token = taken))
      .finally(() => (renewal = undefined));
    return renewal;
  };

  async function logIn() {
    const basic = Buffer.from(`${id}:${secret}`).toString("base64");
    const headers = {
      Authorization: `Basic ${basic}`,
      "Content-Type": "application/x-www-form-urlencoded",
    };
    return await ask(TOKEN, headers, "grant_type=client_credentials", "access_token");
  }

  async function ask(path, headers, body, wanted) {
    let answer;
    try {
      answer = await post(path, headers, body);
    } catch {
      throw new Failure(path, { doubtful: true });
    }
    const document = parse(answer.text);
    const value = document?.[wanted];
    if (answer.status === 200 && typeof value === "string" && value) return value;
    if (answer.status === 200 || answer.status === 429 || answer.status >= 500)
      throw new Failure(path, { wait: asked(answer), doubtful: answer.status !== 429 });
    throw Object.assign(new Error(`${path}: ${answer.status}`), answer, { code: document?.code });
  }

  async function call(path, current, body, wanted) {
    const headers = { Authorization: `Bearer ${current}`, "Content-Type": "application/json" };
    try {
      return await ask(path, headers, JSON.stringify(body), wanted);
    } catch (error) {
      if (error.status !== 401) throw error;
      if (token === current) token = undefined;
      throw new Failure("token refused", { wait: 0, times: 1 });
    }
  }

  async function attempt(guest, text) {
    const current = await bearer();
    const session = await call(SESSIONS, current, { guest }, "webChatSessionId");
    try {
      await call(MESSAGES, current, { webChatSessionId: session, text }, "id");
    } catch (error) {
      if (error.doubtful) throw new Error("the outcome is unknown");
      if (error.status === 403 && error.code !== "app.not.authorized.for.scope")
        throw new Failure("session dead", { wait: 0, times: 1 });
      throw error;
    }
  }

  return (guest, text) => persist(() => attempt(guest, text));
}

async function persist(act) {
  const counts = {};
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      counts[error.kind] = (counts[error.kind] ?? 0) + 1;
      if (counts[error.kind] > error.times) throw new Error(error.kind);
      await sleep(1000 * (error.wait ?? 2 ** counts[error.kind] * (0.1 + Math.random() / 10)));
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asked({ headers }) {
  const value = headers.get("retry-after") ?? "";
  const date = (Date.parse(value) - Date.parse(headers.get("date") ?? "")) / 1000 + 1;
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : date;
  if (Number.isNaN(seconds)) return undefined;
  if (seconds > 120) throw new Error(`a pause of ${seconds} s is asked for`);
  return Math.max(seconds, 0.2);
}

// Answers JSON lines from standard input, in any order.
export async function serve(send) {
  const open = [];
  for await (const line of createInterface({ input: process.stdin })) {
    if (!line.trim()) continue;
    const { id: number, send: { guest, text } } = JSON.parse(line);
    const answer = send(guest, text).then(
      () => ({ id: number, ok: true }),
      (error) => ({ id: number, ok: false, error: String(error.message) }),
    );
    open.push(answer.then((reply) => process.stdout.write(JSON.stringify(reply) + "\n")));
  }
  await Promise.all(open);
}
