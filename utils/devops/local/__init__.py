"""Work on this machine: virtual environments, checks, tests and the rehearsal."""
