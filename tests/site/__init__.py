"""The site: the project's documents, with a page for each clause, platform and command, as `make site` builds it."""
