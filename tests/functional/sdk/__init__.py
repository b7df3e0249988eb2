"""Acceptance tests with third-party clients: the platform's official SDKs, installed once, outside the project."""
