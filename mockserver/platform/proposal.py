"""Writes a proposal for people: a declaration, or an overlay that leaves the document as it is. Guesses are marked."""

from __future__ import annotations

import re
from typing import Any

import yaml

from mockserver.platform.declaration import EFFECTS, LIFECYCLE
from mockserver.platform.guess import Proposal
from mockserver.platform.overlay import VERSION

GUESS = "guessed; confirm or delete"

HEAD = f"""\
# {LIFECYCLE} and {EFFECTS} were {GUESS} each of their lines.
# Look above all at how long each kind lives (ttl, idle, uses), at `refused`, and at what a client owes (duty).
"""

_DOUBTFUL = re.compile(r"^(\s+(?:ttl|seconds|dead|delivery|status): .*)$", re.MULTILINE)


class _Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # it depends on how PyYAML was built
    """Writes shared values twice instead of using an alias, so that one of them can be edited."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class has it
        """Never write an alias."""
        return True


def as_declaration(proposal: Proposal) -> str:
    """Return the whole document with the proposal in it."""
    document = {word: part for word, part in proposal.document.items() if word not in {LIFECYCLE, EFFECTS}}
    return _head(proposal) + _yaml(document) + _marked(proposal, {word: proposal.parts[word] for word in (LIFECYCLE, EFFECTS)})


def as_overlay(proposal: Proposal) -> str:
    """Return an overlay that adds the proposal to the document."""
    head = {
        "overlay": VERSION,
        "info": {"title": "The short-lived ids of this API", "version": "1"},
        "extends": proposal.source.name,
    }
    actions: list[dict[str, Any]] = [{"target": f"$.paths[{_quoted(path)}]", "remove": True} for path in proposal.removed]
    actions += [
        {"target": f"$.paths[{_quoted(path)}].{method}", "update": words}
        for (path, method), words in proposal.operations.items()
    ]
    actions.append({"target": "$", "update": proposal.parts})
    return _head(proposal) + _yaml(head) + _marked(proposal, {"actions": actions})


def _head(proposal: Proposal) -> str:
    """Return the first lines. They name the guesses, and the paths that were left out because they cannot be served."""
    return HEAD + "".join(f"# Left out: {path}: {' '.join(why.split())}\n" for path, why in proposal.removed.items())


def _quoted(path: str) -> str:
    return "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _marked(proposal: Proposal, part: Any) -> str:
    """Return a part as YAML: each kind below the reason for it, and a mark beside what the document does not say."""
    text = _DOUBTFUL.sub(r"\1  # guessed", _yaml(part))
    for guess in proposal.guesses:
        text = re.sub(rf"^( +){guess.name}:\n(?= +noun:)", rf"\1# {guess.why}\n\g<0>", text, count=1, flags=re.MULTILINE)
    return text


def _yaml(part: Any) -> str:
    text: str = yaml.dump(part, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    return text
