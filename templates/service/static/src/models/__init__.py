"""Pydantic models: camelCase on the wire, snake_case in code."""
