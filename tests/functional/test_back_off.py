"""Public packages for Node wait an hour between tries, in virtual time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.scenario import Fault
from tests.contracts.clients.virtual.speaking import HELLO, header, in_node, run
from tests.contracts.small import errors
from tests.functional.sdk.installed import node_retries

pytestmark = pytest.mark.slow

BEFORE = """
import {{ pathToFileURL }} from "node:url";
const load = (name) => import(pathToFileURL({folder!r} + "/" + name).href);
const {{ DAYFLY_BASE_URL: base, DAYFLY_CLIENT_ID: id, DAYFLY_CLIENT_SECRET: secret }} = process.env;
const url = base + "/oauth/token", body = "grant_type=client_credentials";
const headers = {{
  authorization: "Basic " + Buffer.from(id + ":" + secret).toString("base64"),
  "content-type": "application/x-www-form-urlencoded",
}};
const HALF = 1_800_000;
"""

CLIENTS = {
    "axios-retry": """
      const { default: axios } = await load("axios/index.js"), { default: retry } = await load("axios-retry/dist/esm/index.js");
      const http = axios.create({ proxy: false, timeout: 10_000 });
      retry(http, { retries: 3, retryDelay: () => HALF, retryCondition: () => true, shouldResetTimeout: true });
      const { data } = await http.post(url, body, { headers });
    """,
    "got": """
      const { default: got } = await load("got/dist/source/index.js");
      const retry = { limit: 3, methods: ["POST"], calculateDelay: ({ computedValue }) => computedValue && HALF };
      const data = await got.post(url, { body, headers, retry, timeout: { response: 10_000 } }).json();
    """,
    "ky": """
      const { default: ky } = await load("ky/distribution/index.js");
      const retry = { limit: 3, methods: ["post"], statusCodes: [503], delay: () => HALF, backoffLimit: Infinity };
      const data = await ky.post(url, { body, headers, retry, timeout: 10_000, throwHttpErrors: true }).json();
    """,
    "openid-client": """
      const openid = await load("openid-client/build/index.js");
      const config = new openid.Configuration({ issuer: base, token_endpoint: url }, id, {}, openid.ClientSecretPost(secret));
      openid.allowInsecureRequests(config);
      config.timeout = 10;
      const data = await (async function ask() {
        return openid.clientCredentialsGrant(config).catch(() => new Promise((done) => setTimeout(done, HALF)).then(ask));
      })();
    """,
}


@pytest.mark.parametrize("package", CLIENTS)
def test_an_hour_of_back_off_takes_no_time(tmp_path: Path, package: str) -> None:
    body = f"const began = Date.now(); {CLIENTS[package]} return [Date.now() - began, typeof data.access_token]"
    command = in_node(tmp_path, body, BEFORE.format(folder=str(node_retries())))
    seen = run(command, Fault("token", "status", times=2, status=503), HELLO)
    assert (json.loads(errors(seen)[0].removeprefix("Error: ")), header(seen).clock) == ([3_600_000, "string"], "virtual")
