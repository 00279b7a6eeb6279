"""`pipeline_test.py validate`: all checks and linters over files, and their report."""
