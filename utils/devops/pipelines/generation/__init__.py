"""`pipeline_cli.py`: workflows rendered from templates, with their pins."""
