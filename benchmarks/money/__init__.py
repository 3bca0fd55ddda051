"""Random money events against a second gateway, and what has to hold after them (`money_events.py` runs it)."""
