"""The one seam through which services put work on the queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from celery import current_app, group
from django.db import transaction


def enqueue(name: str, *, countdown: float = 0, **kwargs: Any) -> None:
    """Send the task called `name` once the current transaction commits (at once outside one).

    `kwargs` are ids and plain values; `countdown` is in seconds. Raises KeyError for an
    unknown name, at the call and not in the worker.
    """
    task = current_app.tasks[name]
    transaction.on_commit(lambda: task.apply_async(kwargs=kwargs, countdown=countdown))


def enqueue_group(name: str, calls: Iterable[dict[str, Any]]) -> None:
    """Send the task called `name` once for each set of arguments, as one group; else as `enqueue` does."""
    task = current_app.tasks[name]
    signatures = [task.si(**kwargs) for kwargs in calls]
    if signatures:
        transaction.on_commit(lambda: group(signatures).apply_async())


def queue_length(name: str) -> int:
    """How many messages wait on a queue; those that a worker has taken already aren't counted."""
    with current_app.connection_for_read() as connection:
        try:
            return int(connection.SimpleQueue(name).qsize())
        except connection.channel_errors:  # Redis has no empty lists: the queue is "not found"
            return 0
