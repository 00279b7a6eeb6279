"""DynamoDB repositories: the only code that knows keys and indexes."""
