"""`python -m contracts.cli`."""

from contracts.cli import main

main()
