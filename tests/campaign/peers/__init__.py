"""Puts the same public clients before what people use without dayfly: Pebble, MCP's conformance suite, and Hypothesis."""
