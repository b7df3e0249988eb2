"""The judge of clients that talk to an ephemeral-session platform, and what puts them to the test."""
