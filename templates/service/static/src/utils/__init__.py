"""What every layer shares: errors, configuration, logging, pages, the API entry point."""
