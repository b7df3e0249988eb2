"""Tests through the outside: the command, a live server, the installed wheel."""
