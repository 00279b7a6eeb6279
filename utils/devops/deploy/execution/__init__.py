"""The plan of a deployment, and the engine that walks it."""
