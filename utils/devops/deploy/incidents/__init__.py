"""What people and other tools learn of a deployment, above all of one that went wrong."""
