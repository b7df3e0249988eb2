from __future__ import annotations

from contracts.clients.base import LONGEST_ERROR, LOOKED_AT, Credentials, describe

ME = Credentials("me", "a-secret-that-is-long-enough")


def test_a_secret_at_the_place_where_an_error_is_cut_is_hidden_first() -> None:
    said = describe(ValueError("x" * (LONGEST_ERROR - 20) + ME.client_secret + "y" * LOOKED_AT), ME)
    assert len(said) == LONGEST_ERROR
    assert ME.client_secret[:3] not in said
    assert said.startswith("ValueError: xxx")


def test_a_secret_behind_what_is_looked_at_is_not_shown_either() -> None:
    said = describe(ValueError("x" * (LOOKED_AT - 20) + ME.client_secret), ME)
    assert len(said) == LONGEST_ERROR
    assert ME.client_secret[:3] not in said


def test_a_group_of_exceptions_is_told_by_what_is_in_it() -> None:
    group = ExceptionGroup("unhandled errors in a TaskGroup", [ValueError("one"), ExceptionGroup("inner", [OSError("two")])])
    assert describe(group) == "ValueError: one; OSError: two"
