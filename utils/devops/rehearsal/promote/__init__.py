"""`pipeline_test.py promote`: a promotion's gates, hand-over and canary, against real GitHub."""
