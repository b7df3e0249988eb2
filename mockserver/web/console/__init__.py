"""The console at ``/__admin/console``: pages for people, rendered here, with small scripts for what is live.

Everything works without a script: links, forms that are posted and answered with a redirect. An extension may add to it; see
`extension.Console`.
"""

from mockserver.web.console.door import register
from mockserver.web.console.extension import Console

__all__ = ["Console", "register"]
