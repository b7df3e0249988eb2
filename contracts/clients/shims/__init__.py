"""The shims that take a runtime into virtual time: node.cjs for Node, ruby for Ruby, and these modules for Python from 3.9 on.

A Python process loads them from `path`, which is put at the beginning of PYTHONPATH. They use nothing but the
standard library and the modules by which dayfly moves the time of clients in its own process.
"""
