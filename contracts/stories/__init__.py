"""Stories: raw requests with the answers they get, and changes of the platform between them.

A contract scenario names what a user wants and leaves the requests to a client; a story is the requests. It is a file, runs
against the mock in this process, a running one or any provider, and is written as a script by `contracts.stories.exports`.
"""
