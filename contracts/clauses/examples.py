"""For each clause a client that breaks it and one that keeps it, as few lines as tell the two apart."""

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
}
