"""Requests to a provider over HTTP, and calls of a mock's control API, for probe and stories."""
