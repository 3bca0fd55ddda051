"""Django's MySQL backend with exact text comparison and time zones as on SQLite, whatever the server's defaults."""
