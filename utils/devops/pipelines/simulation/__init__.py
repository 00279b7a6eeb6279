"""`pipeline_test.py dry-run`: what a workflow would do, and what that did not exercise."""
