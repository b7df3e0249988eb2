"""Mutants of the mock: each is one mistake, and something must catch it. `python -m tests.mutants` runs them all."""
