"""A client's processes in virtual time: a discrete-event simulation of them and the platform, on one clock."""
