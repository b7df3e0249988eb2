"""Words that sanitizers put in place of ids and tokens."""

from __future__ import annotations

import re

_WORDS = "redacted|removed|masked|hidden|sanitized|sanitised|filtered|scrubbed|anonymized|anonymised|obfuscated"

_MASK = re.compile(
    rf"[\W_]*(?:\w+[ _-])?(?:{_WORDS}|secret|confidential)(?:[ _-]\w+)?[\W_]*"  # [REDACTED], [access_token redacted]
    r"|[*•·.?#]{3,}"  # ***
    r"|(?:[xX*]+|[0]+|[fF]+)(?:-(?:[xX*]+|[0]+|[fF]+)){4}"  # a UUID of one character
    r"|[xX]{3,}",
    re.IGNORECASE,
)


def looks_masked(value: str) -> bool:
    """Return whether a tool may have put this in place of an id or a token."""
    return _MASK.fullmatch(value) is not None
