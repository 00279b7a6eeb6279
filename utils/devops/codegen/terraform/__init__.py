"""The infrastructure of a service: what Terraform needs of its design, and the files."""
