"""The console at ``/__admin/console``: pages for people, rendered here, with small scripts for what is live.

Everything works without a script: links, forms that are posted and answered with a redirect. An extension may add to it; see
`extension.Console`.
"""

from mockserver.web.console.extension import CONSOLE, NAME, Console

__all__ = ["CONSOLE", "NAME", "Console"]
