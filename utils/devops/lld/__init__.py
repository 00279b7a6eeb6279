"""Designs: what a low-level design (LLD) says, read from its Markdown, each fact with its line."""
