"""Counterexamples that run by themselves: as a pytest file that fails while the client does, or as a curl script."""
