"""GitHub Actions workflows: building them, checking them, and telling what they would do."""
