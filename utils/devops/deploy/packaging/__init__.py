"""From a commit to its bytes: built once, kept by digest, moved and never rebuilt."""
