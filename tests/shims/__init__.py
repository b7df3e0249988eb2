"""Tries whether the shim for Node ever takes a process to be idle that has work under way."""
