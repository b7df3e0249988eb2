"""Control of a mock server from outside: the one implementation behind the control API and the pytest fixtures.

Times are in seconds, points in time in seconds since the epoch on the organisation's clock. Every change of an organisation is
journalled as `Perturbed`; each method's docstring names its entry. Errors are those of `mockserver.errors`.
"""

from mockserver.control.server import Control
from mockserver.control.tenant import Tenant

__all__ = ["Control", "Tenant"]
