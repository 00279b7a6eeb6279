"""Readers: each knows one form that facts come in and yields facts with their line."""
