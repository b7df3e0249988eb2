"""The platform for a test: an organisation of its own, or a mock of a declared platform, in process or behind a socket."""

from contracts.pytest_platform.declared import DeclaredPlatform
from contracts.pytest_platform.organization import Platform
from contracts.pytest_platform.platforms import Platforms
from contracts.pytest_platform.reached import Reached

__all__ = ["DeclaredPlatform", "Platform", "Platforms", "Reached"]
