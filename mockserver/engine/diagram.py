"""The session's states as a Mermaid diagram, in the engine's order of causes: `python -m mockserver.engine.diagram`."""

from __future__ import annotations

from mockserver.engine.decide import SESSION_ENDED
from mockserver.engine.model import CAUSES, SESSIONS, STATES, State

TRIGGERS = {
    "ended": "the control API ends it",
    "spent": "accepted sends reach `handshakes`",
    "idle": "now ≥ last activity + `idle_timeout`",
    "expired": "now ≥ creation + `ttl`",
}
"""How a session comes to each of its ends."""


def diagram() -> str:
    """Return the diagram. The order of the arrows is the precedence at equal milliseconds."""
    causes = [cause for cause in CAUSES if cause in TRIGGERS]
    lines = ["stateDiagram-v2", f"    [*] --> {State.ACTIVE}: POST …{SESSIONS.removeprefix('/api/v2/conversations')}"]
    lines += [f"    {State.ACTIVE} --> {STATES[cause]}: {TRIGGERS[cause]}" for cause in causes]
    lines += [
        f"    {STATES[cause]} --> [*]: forgotten after `retention`; a send is refused as {SESSION_ENDED[cause]}"
        for cause in causes
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(diagram())
