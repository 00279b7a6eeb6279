"""A platform on this machine: loopback ports only, chosen by the standard endpoint variables."""
