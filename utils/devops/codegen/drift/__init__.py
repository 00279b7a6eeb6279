"""What a design asks for, what its repository has, and what is deployed, side by side.

What the design asks for is what would be generated from it today. Readers find the same facts in
that text, in the repository and in AWS: `code`, `tests`, `infrastructure`, `workflows`, `deployed`.
`compare` joins them, `show` prints them.
"""
