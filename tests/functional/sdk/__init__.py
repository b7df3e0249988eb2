"""Acceptance by clients that nobody here wrote: the platform's official SDKs, installed once, outside the project."""
