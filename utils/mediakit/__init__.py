"""Media files: what they hold, and the programs that turn them into others. Knows nothing of Django."""
