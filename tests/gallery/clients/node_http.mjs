// node:http with an agent that keeps no connection.
import { request } from "node:http";
import { recovering, serve } from "./recovery.mjs";

const base = process.env.DAYFLY_BASE_URL;

const post = (path, headers, body) =>
  new Promise((resolve, reject) => {
    const call = request(base + path, { method: "POST", headers, timeout: 15_000 }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("aborted", () => reject(new Error("aborted")));
      answer.on("error", reject);
      answer.on("end", () => {
        if (!answer.complete) return reject(new Error("cut"));
        const get = (name) => answer.headers[name] ?? null;
        resolve({ status: answer.statusCode, headers: { get }, text: Buffer.concat(parts).toString() });
      });
    });
    call.on("timeout", () => call.destroy(new Error("timeout")));
    call.on("error", reject);
    call.end(body);
  });

await serve(recovering(post));
