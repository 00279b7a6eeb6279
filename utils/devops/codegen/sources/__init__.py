"""The code of a service, and the files round it, rendered from the views of its design."""
