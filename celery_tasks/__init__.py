"""Celery tasks: each loads by id and makes one service call. One module per queue."""
