"""Walks through the platform with the Python SDK: log in, create, send, send again. Prints a JSON line for each step."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import PureCloudPlatformClientV2
from PureCloudPlatformClientV2.rest import ApiException

SESSIONS = "/api/v2/conversations/webchat/sessions"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"


def step(name: str, act: Callable[[], Any]) -> Any:
    try:
        answer, status = act(), 200
    except ApiException as error:
        answer, status = json.loads(error.body), error.status
    print(json.dumps({"step": name, "status": status, "answer": answer}))
    return answer


def main() -> None:
    PureCloudPlatformClientV2.configuration.host = os.environ["DAYFLY_BASE_URL"]
    client = PureCloudPlatformClientV2.ApiClient()
    client.get_client_credentials_token(os.environ["DAYFLY_CLIENT_ID"], os.environ["DAYFLY_CLIENT_SECRET"])

    def post(path: str, body: object) -> Any:
        headers = {"Content-Type": "application/json"}
        return client.call_api(
            path, "POST", header_params=headers, body=body, response_type="object", auth_settings=["PureCloud OAuth"]
        )

    created = step("create", lambda: post(SESSIONS, {"guest": {"name": "Ann", "email": "ann@example.com"}}))
    message = {"webChatSessionId": created.get("webChatSessionId"), "text": "Welcome back"}
    if message["webChatSessionId"]:
        step("send", lambda: post(MESSAGES, message))
        step("send again", lambda: post(MESSAGES, message))
        step("create for nobody", lambda: post(SESSIONS, None))


main()
