"""What scripts of others may rely on: a change here is a change for them, and belongs into the change log."""

from __future__ import annotations

from importlib import import_module

import pytest

SURFACE = {
    "mockserver": ["MockServerError", "Policy"],
}


@pytest.mark.parametrize("package", SURFACE)
def test_a_package_offers_these_names_and_each_of_them_loads(package: str) -> None:
    module = import_module(package)
    assert sorted(module.__all__) == SURFACE[package]
    assert all(getattr(module, name).__name__ == name for name in module.__all__)


@pytest.mark.parametrize("package", SURFACE)
def test_a_name_that_is_not_offered_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nonsense'"):
        import_module(package).nonsense  # noqa: B018
