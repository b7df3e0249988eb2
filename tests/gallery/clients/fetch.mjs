// Node's own fetch, with a signal for the timeout.
import { recovering, serve } from "./recovery.mjs";

const base = process.env.DAYFLY_BASE_URL;

await serve(
  recovering(async (path, headers, body) => {
    const signal = AbortSignal.timeout(15_000);
    const answer = await fetch(base + path, { method: "POST", headers, body, signal, redirect: "manual" });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }),
);
