"""Compares what is found of the clients in `fixtures/clients` with what they are known for: `python -m tests.gallery`."""
