"""Lambda handlers: one module a function, each with `handler(event, context)`."""
