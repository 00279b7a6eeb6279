"""A service's functions from their source: which there are, their events, and an AWS to call."""
