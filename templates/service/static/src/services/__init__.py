"""Business rules: what an operation means, apart from how it is asked or stored."""
