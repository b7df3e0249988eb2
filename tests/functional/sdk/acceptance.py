"""A live mock for the SDKs to meet, and the runs of the scripts that drive them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.assemble import assemble
from mockserver.control import Control, Tenant
from mockserver.live import LiveServer
from mockserver.web import create_app
from mockserver.web.tls import throw_away

FOLDER = Path(__file__).parent
SCOPE = "webchat:session:write"
PATIENCE = 120
"""Seconds for one run: the Python SDK alone takes several to be imported."""


@dataclass
class Acceptance:
    """One organisation of a live mock, and the command of one SDK's walk through it."""

    tenant: Tenant
    url: str
    command: Sequence[str]
    environment: dict[str, str]

    def walk(self) -> dict[str, tuple[int, dict[str, Any]]]:
        """Return the answer to each step: status and body."""
        credentials = {
            "DAYFLY_BASE_URL": self.url,
            "DAYFLY_CLIENT_ID": self.tenant.client_id,
            "DAYFLY_CLIENT_SECRET": self.tenant.client_secret,
        }
        environment = {**os.environ, **self.environment, **credentials}
        ran = subprocess.run(self.command, check=False, env=environment, capture_output=True, text=True, timeout=PATIENCE)
        assert ran.returncode == 0, ran.stderr
        steps = (json.loads(line) for line in ran.stdout.splitlines())
        return {step["step"]: (step["status"], step["answer"]) for step in steps}


@contextmanager
def acceptance(command: Sequence[str], environment: dict[str, str], *, tls: bool = False) -> Iterator[Acceptance]:
    """With `tls` the mock speaks HTTPS, and the variables name the throw-away authority that the SDKs have to trust."""
    with ExitStack() as stack:
        identity = stack.enter_context(throw_away()) if tls else None
        if identity is not None:
            authority = str(identity.authority)
            environment = environment | {"SSL_CERT_FILE": authority, "NODE_EXTRA_CA_CERTS": authority}
        parts = stack.enter_context(assemble())
        server = stack.enter_context(LiveServer(create_app(parts), identity=identity))
        tenant = Control(parts).create_organization("acceptance")
        yield Acceptance(tenant, server.url, command, environment)


def holds_for_every_client(accepted: Acceptance) -> None:
    """Check what every client meets: one message per session, and different 403s for a missing scope and a dead session."""
    steps = accepted.walk()
    assert list(steps) == ["create", "send", "send again", "create for nobody"]
    assert list(steps["create"][1]) == ["webChatSessionId"]
    assert steps["send"][0] == 200
    assert steps["send again"][0] == 403
    assert steps["send again"][1]["code"] == "not.authorized"
    assert steps["create for nobody"][0] == 200

    accepted.tenant.revoke_scope(SCOPE)
    steps = accepted.walk()
    assert list(steps) == ["create"]
    assert steps["create"][0] == 403
    assert steps["create"][1]["code"] == "app.not.authorized.for.scope"
