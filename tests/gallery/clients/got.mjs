// got, with its own retries switched off.
import { pathToFileURL } from "node:url";
import { recovering, serve } from "./recovery.mjs";

const module = pathToFileURL(`${process.env.GALLERY_NODE_MODULES}/got/dist/source/index.js`);
const { default: got } = await import(module);
const http = got.extend({
  prefixUrl: process.env.DAYFLY_BASE_URL,
  retry: { limit: 0 },
  throwHttpErrors: false,
  followRedirect: false,
  timeout: { request: 15_000 },
});

await serve(
  recovering(async (path, headers, body) => {
    const answer = await http.post(path.slice(1), { headers, body });
    const get = (name) => answer.headers[name] ?? null;
    return { status: answer.statusCode, headers: { get }, text: answer.body };
  }),
);
