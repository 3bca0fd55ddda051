"""Backups: database dumps, and folders of files with checksums."""
