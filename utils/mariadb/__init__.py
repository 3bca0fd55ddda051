"""Django's MySQL backend, made to compare text and count days as SQLite does, whatever the server's defaults are."""
