"""The code of the service: handlers, services, repositories, models and utilities."""
