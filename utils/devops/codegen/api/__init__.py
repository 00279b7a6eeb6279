"""The OpenAPI document of a service: what its code accepts and answers."""
