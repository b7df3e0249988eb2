// undici's request on a pool of its own.
import { createRequire } from "node:module";
import { recovering, serve } from "./recovery.mjs";

const { Pool } = createRequire(process.env.GALLERY_NODE_MODULES + "/")("undici");
const pool = new Pool(process.env.DAYFLY_BASE_URL, { connections: 4, headersTimeout: 15_000 });

await serve(
  recovering(async (path, headers, body) => {
    const answer = await pool.request({ path, method: "POST", headers, body });
    const get = (name) => answer.headers[name] ?? null;
    return { status: answer.statusCode, headers: { get }, text: await answer.body.text() };
  }),
);
await pool.close();
