"""What `pipeline_test.py` runs for real: one package a command, each named after its command."""
