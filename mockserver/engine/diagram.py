"""The session's states as a Mermaid diagram, generated from the engine's table: `python -m mockserver.engine.diagram`."""

from __future__ import annotations

from mockserver.engine.lifecycle import CAUSES
from mockserver.engine.model import State


def diagram() -> str:
    """Return the diagram. The order of the arrows is the precedence at equal milliseconds."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.ACTIVE}: POST …/webchat/sessions"]
    lines += [f"    {State.ACTIVE} --> {cause.state}: {cause.trigger}" for cause in CAUSES]
    lines += [
        f"    {cause.state} --> [*]: forgotten after `retention`; a send is refused as {cause.refusal}" for cause in CAUSES
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(diagram())
