"""The addresses of the pages about clauses, in the published documentation."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata


def page_of(code: str) -> str:
    """Return the address of the page about a clause such as `S1` or `S1/ticket`; "" if it is not known."""
    site = os.environ.get("DAYFLY_SITE") or _published()
    if not site.startswith(("http://", "https://")):
        return ""
    return f"{site.rstrip('/')}/clauses/{code.partition('/')[0]}/"


@cache
def _published() -> str:
    """Return the project's URL `Documentation`, which pyproject.toml sets; "" if it does not."""
    try:
        urls = metadata("dayfly").get_all("Project-URL") or ()
    except PackageNotFoundError:
        return ""
    named = dict(url.split(", ", 1) for url in urls)
    return str(named.get("Documentation", ""))
