"""A story whose every text means something to a shell, to Python, to JavaScript, to HTML or to a terminal."""

from __future__ import annotations

from contracts.scenario import Advance
from contracts.stories.model import Create, CreateClient, Expected, Request, Send, SetScopes, Story, Token
from mockserver.journal import Guest

WRITE = "webchat:session:write"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"

HOSTILE = (
    "'\"`$(exit 9)`exit 9`${HOME}$HOME\\\\' \" '''\"\"\" %s%n {0} !! ~ * ? # // /* */ <!-- </script><script>alert(1)</script>"
    "\nBREAKOUT\r\nBREAKOUT\u2028BREAKOUT\u2029\x85\x1b[31m\u202e 👋 \\n \\u0041 &amp; ;exit 9"
)
"""At most 4000 characters, so that it can be a message."""

STORY = Story(
    title=HOSTILE[:400],
    summary=HOSTILE,
    notes=(HOSTILE,),
    policy={"send_scopes": [WRITE, "'$(exit", "9)`"]},
    steps=(
        CreateClient(save="path"),
        SetScopes(client="$path", scopes=(WRITE, "'$(exit", "9)`")),
        Token(save="class"),
        Token(form={"grant_type": HOSTILE, "=&": ""}, expect=Expected(400, "unsupported_grant_type")),
        Token(client="'\"$(exit 9)", secret="`exit 9`'\"\\ !", expect=Expected(400, "invalid_client")),
        Create(token="$class", guest=Guest(HOSTILE, "eve@example.com"), save="new"),
        Create(token="'\"$(exit 9)`", expect=Expected(401, "bad.credentials")),
        Send(token="$class", session=HOSTILE, text=HOSTILE, expect=Expected(403, reason="scope.missing")),
        SetScopes(scopes=(WRITE, "'$(exit", "9)`")),
        Send(token="$class", session=HOSTILE, text=HOSTILE, expect=Expected(403, reason="session.unknown")),
        Send(token="$class", session="$new", text=HOSTILE),
        Request(path=MESSAGES, authorization="$class", text=HOSTILE, expect=Expected(400, "bad.request")),
        Request(path=f"/{HOSTILE}?{HOSTILE}", text=HOSTILE, content_type="'$(exit 9)\"", expect=Expected(404, "not.found")),
        Request(path=MESSAGES, authorization="'$(exit 9)\"`", json={HOSTILE: [HOSTILE]}, fill=3000, expect=Expected(401)),
        Advance(0.001),
    ),
)
