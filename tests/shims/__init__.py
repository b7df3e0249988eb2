"""Tries whether a shim ever takes a process to be idle that has work under way."""
