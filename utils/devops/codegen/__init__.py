"""From a design to a service repository: rendered in memory, compared with disk, then written."""
