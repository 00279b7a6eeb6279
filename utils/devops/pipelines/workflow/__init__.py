"""A workflow file as it is read: a YAML tree with its places, a model, its shape, expressions."""
