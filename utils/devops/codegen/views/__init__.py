"""A design as generated code sees it: names, types, keys, operations, with every decision made."""
