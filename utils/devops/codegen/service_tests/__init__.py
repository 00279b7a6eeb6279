"""The tests of a service, rendered from the views of its design."""
