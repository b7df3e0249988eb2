"""For each clause, a client that breaks it and one that keeps it, in as few lines as show the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Example(NamedTuple):
    """Two versions of the same lines of a client."""

    wrong: str
    right: str


EXAMPLES: Mapping[str, Example] = {
    "S1": Example(
        wrong="""\
def send(self, guest, text):
    if guest.email not in self.ids:
        self.ids[guest.email] = create(guest)
    post(self.ids[guest.email], text)
""",
        right="""\
def send(self, guest, text):
    session_id = create(guest)
    post(session_id, text)
""",
    ),
    "S2": Example(
        wrong="""\
session_id = create(guest)
job = wait_for(queue)  # minutes
post(session_id, job.text)
""",
        right="""\
job = wait_for(queue)
session_id = create(guest)
post(session_id, job.text)
""",
    ),
    "S3": Example(
        wrong="""\
session_id = create(batch[0].guest)
for message in batch:
    post(session_id, message.text)
""",
        right="""\
for message in batch:
    session_id = create(message.guest)
    post(session_id, message.text)
""",
    ),
    "S4": Example(
        wrong="""\
session_id = str(uuid4())
post(session_id, text)
""",
        right="""\
session_id = create(guest)
post(session_id, text)
""",
    ),
    "S5": Example(
        wrong="""\
template = '{"webChatSessionId": "{{id}}", "text": %s}'
http.post(url, content=template % json.dumps(text))
""",
        right="""\
body = {"webChatSessionId": session_id, "text": text}
http.post(url, json=body)
""",
    ),
    "S6": Example(
        wrong="""\
check(create(guest))  # "is the platform there?"
post(create(guest), text)
""",
        right="""\
session_id = create(guest)
post(session_id, text)
""",
    ),
    "R1": Example(
        wrong="""\
@retry(stop=stop_after_attempt(3))
def post_with_retries(session_id, text):
    post(session_id, text).raise_for_status()
""",
        right="""\
@retry(stop=stop_after_attempt(3))
def deliver(guest, text):
    post(create(guest), text).raise_for_status()
""",
    ),
    "R2": Example(
        wrong="""\
answer = post(session_id, text)
if answer.status_code == 403:
    raise Refused(answer)
""",
        right="""\
answer = post(session_id, text)
if is_dead_session(answer):
    answer = post(create(guest), text)
answer.raise_for_status()
""",
    ),
    "R3": Example(
        wrong="""\
while (answer := post(id, text)).status_code == 403:
    id = create(guest)
""",
        right="""\
answer = post(id, text)
if code(answer) == "app.not.authorized.for.scope":
    raise ScopeMissing(answer)
""",
    ),
    "R4": Example(
        wrong="""\
while True:
    answer = create_session(guest)
    if answer.is_success:
        return answer
    sleep(1)
""",
        right="""\
for pause in (0.5, 1, 2, 4):
    answer = create_session(guest)
    if answer.is_success:
        return answer
    sleep(pause)
raise Unavailable(answer)
""",
    ),
    "R5": Example(
        wrong="""\
if answer.status_code == 429:
    sleep(1)
    return retry()
""",
        right="""\
if answer.status_code == 429:
    sleep(int(answer.headers["Retry-After"]))
    return retry()
""",
    ),
    "R6": Example(
        wrong="""\
for attempt in range(3):
    answer = create_session(guest)
    if answer.status_code < 500:
        break
""",
        right="""\
for attempt in range(3):
    answer = create_session(guest)
    if answer.status_code < 500:
        break
    sleep(0.5 * 2**attempt * uniform(1, 1.5))
""",
    ),
    "R7": Example(
        wrong="""\
while not answer.is_success:
    answer = create_session(guest)
""",
        right="""\
if answer.status_code in (400, 404, 405, 413, 415):
    raise Refused(answer)
""",
    ),
    "A1": Example(
        wrong="""\
answer = create_session(guest, token)
answer.raise_for_status()
""",
        right="""\
answer = create_session(guest, token)
if answer.status_code == 401:
    token = renew()
    answer = create_session(guest, token)
answer.raise_for_status()
""",
    ),
    "A2": Example(
        wrong="""\
while answer.status_code == 401:
    answer = create_session(guest, renew())
""",
        right="""\
if answer.status_code == 401:
    answer = create_session(guest, renew())
answer.raise_for_status()
""",
    ),
    "A3": Example(
        wrong="""\
if answer.status_code == 401:
    self.token = await self.renew()
""",
        right="""\
if answer.status_code == 401:
    async with self.renewing:
        if self.token == refused:
            self.token = await self.renew()
""",
    ),
    "A4": Example(
        wrong="""\
def send(self, guest, text):
    token = fetch_token()
    post(create(guest, token), text, token)
""",
        right="""\
def send(self, guest, text):
    if self.token is None or self.expires_soon():
        self.token = fetch_token()
    post(create(guest, self.token), text, self.token)
""",
    ),
    "A5": Example(
        wrong="""\
headers = {"Authorization": f"Bearer {self.token}"}
# self.token is still None
""",
        right="""\
if self.token is None:
    self.token = fetch_token()
headers = {"Authorization": f"Bearer {self.token}"}
""",
    ),
    "D1": Example(
        wrong="""\
try:
    post(session_id, text)
except httpx.TransportError:
    post(create(guest), text)
""",
        right="""\
try:
    post(session_id, text)
except httpx.TransportError as error:
    raise MayBeDelivered(guest) from error
""",
    ),
    "D2": Example(
        wrong="""\
post(create(guest), text).raise_for_status()
""",
        right="""\
answer = post(create(guest), text)
if is_dead_session(answer):
    answer = post(create(guest), text)
answer.raise_for_status()
""",
    ),
    "D3": Example(
        wrong="""\
try:
    post(id, text)
except Exception:
    log.exception("send failed")
return True
""",
        right="""\
answer = post(id, text)
answer.raise_for_status()
return True
""",
    ),
    "D4": Example(
        wrong="""\
post(session_id, html.escape(text.strip()))
""",
        right="""\
post(session_id, text)
""",
    ),
    "D5": Example(
        wrong="""\
body = {"name": "Guest", "email": guest.email.lower()}
http.post(sessions, json={"guest": body})
""",
        right="""\
body = {"name": guest.name, "email": guest.email}
http.post(sessions, json={"guest": body})
""",
    ),
    "D6": Example(
        wrong="""\
http = httpx.Client(timeout=None)
while not self.delivered:
    self.try_once()
""",
        right="""\
http = httpx.Client(timeout=10)
for attempt in range(3):
    self.try_once()
""",
    ),
    "W1": Example(
        wrong="""\
body = '{"webChatSessionId": "%s", "text": "%s"}'
http.post(url, content=body % (id, text))
""",
        right="""\
body = {"webChatSessionId": id, "text": text}
http.post(url, json=body)
""",
    ),
    "W2": Example(
        wrong="""\
httpx.post(url + "/webchat/sessions", json=body)
""",
        right="""\
api = url + "/api/v2/conversations"
httpx.post(api + "/webchat/sessions", json=body)
""",
    ),
}
