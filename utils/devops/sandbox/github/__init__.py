"""A GitHub on this machine: the REST endpoints the toolkit uses, with state, and git over HTTP.

One `Store` holds the state (a JSON document and bare repositories in a folder); the modules beside
it each answer one family of endpoints, as GitHub documents them, refusals included: plan limits,
half-valid environments, keys that are required, pushes against rules. `server.py` serves them.
"""
