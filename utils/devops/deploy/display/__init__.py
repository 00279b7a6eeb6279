"""Deployments as people and programs read them."""
