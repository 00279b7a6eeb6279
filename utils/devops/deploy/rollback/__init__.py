"""The way back, and what has to be kept for it."""
