// Walks through the platform with the JavaScript SDK: log in, create, send, send again. Prints a JSON line for each step.

const { ApiClient } = require("purecloud-platform-client-v2");

const { DAYFLY_BASE_URL, DAYFLY_CLIENT_ID, DAYFLY_CLIENT_SECRET } = process.env;
const SESSIONS = "/api/v2/conversations/webchat/sessions";
const MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage";

const client = ApiClient.instance;

async function step(name, path, body) {
  const json = ["application/json"];
  const [status, answer] = await client
    .callApi(path, "POST", {}, {}, {}, {}, body, ["PureCloud OAuth"], json, json)
    .then((answer) => [200, answer], (error) => [error.status, error]);
  console.log(JSON.stringify({ step: name, status, answer }));
  return answer;
}

async function main() {
  const { hostname, port, protocol } = new URL(DAYFLY_BASE_URL);
  client.setGateway({ host: hostname, protocol: protocol.replace(":", ""), port, path_params_login: "", path_params_api: "" });
  await client.loginClientCredentialsGrant(DAYFLY_CLIENT_ID, DAYFLY_CLIENT_SECRET);

  const { webChatSessionId } = await step("create", SESSIONS, { guest: { name: "Ann", email: "ann@example.com" } });
  if (webChatSessionId) {
    const message = { webChatSessionId, text: "Welcome back" };
    await step("send", MESSAGES, message);
    await step("send again", MESSAGES, message);
    await step("create for nobody", SESSIONS, null);
  }
}

main();
