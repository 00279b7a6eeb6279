"""Designs: what a low-level design (LLD) says, read from its Markdown with a line for every fact."""
