"""What a reviewer would ask to have changed: one function a rule, each yields findings."""
