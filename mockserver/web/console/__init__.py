"""The console at ``/__admin/console``: server-rendered pages for people, with small scripts for live updates.

Everything works without scripts: links, and posted forms that are answered with a redirect. For extensions see
`extension.Console`.
"""

from mockserver.web.console.extension import CONSOLE, NAME, Console

__all__ = ["CONSOLE", "NAME", "Console"]
