"""A declared platform at work: the life of its credentials, the decision about a request, and a mock that serves it."""
