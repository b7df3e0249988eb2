"""The public interface for others' scripts. A change here affects them, and belongs in the change log."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import pytest

SURFACE = {
    "contracts": [
        "ContractViolated",
        "ContractsError",
        "NothingExercised",
        "ProtocolViolated",
        "contract_test",
        "verify_client",
        "verify_protocol",
    ],
    "mockserver": [
        "Assembly",
        "AsyncTransport",
        "LiveServer",
        "MockServerError",
        "Policy",
        "Settings",
        "Transport",
        "create_app",
        "router",
    ],
}


@pytest.mark.parametrize("package", SURFACE)
def test_a_package_offers_these_names_and_each_of_them_loads(package: str) -> None:
    module = import_module(package)
    assert sorted(module.__all__) == SURFACE[package]
    assert all(getattr(module, name).__name__ == name for name in module.__all__)


@pytest.mark.parametrize("package", SURFACE)
def test_no_submodule_hides_a_name_that_is_offered(package: str) -> None:
    """Importing `package.name` would replace the name by the module."""
    module = import_module(package)
    assert [name for name in module.__all__ if find_spec(f"{package}.{name}")] == []


@pytest.mark.parametrize("package", SURFACE)
def test_a_name_that_is_not_offered_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nonsense'"):
        import_module(package).nonsense  # noqa: B018
