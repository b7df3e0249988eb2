"""Races for one session, while servers are killed and stopped and their store loses replies: `make chaos`."""
