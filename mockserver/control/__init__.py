"""What can be done to the world from outside: the one implementation behind the control API and the pytest fixtures.

Times are seconds here, instants as seconds since the epoch on the organisation's clock. Whatever changes an organisation is
journalled as `Perturbed`; what is journalled by which name is said where it is done. Errors are those of `mockserver.errors`.
"""

from mockserver.control.server import Control
from mockserver.control.tenant import Tenant

__all__ = ["Control", "Tenant"]
