// axios, which rejects for statuses unless told otherwise.
import { createRequire } from "node:module";
import { recovering, serve } from "./recovery.mjs";

const axios = createRequire(process.env.GALLERY_NODE_MODULES + "/")("axios");
const http = axios.create({
  baseURL: process.env.DAYFLY_BASE_URL,
  timeout: 15_000,
  maxRedirects: 0,
  proxy: false,
  responseType: "text",
  transformResponse: (text) => text,
});

await serve(
  recovering(async (path, headers, body) => {
    try {
      const { status, headers: got, data } = await http.post(path, body, { headers });
      return { status, headers: got, text: data };
    } catch (error) {
      if (!error.response) throw error;
      const { status, headers: got, data } = error.response;
      return { status, headers: got, text: data };
    }
  }),
);
