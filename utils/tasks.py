"""The one seam through which services put work on the queue."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.db import transaction


def enqueue(name: str, *, countdown: float = 0, **kwargs: Any) -> None:
    """Send the task called `name` once the current transaction commits (at once outside one).

    `kwargs` are ids and plain values; `countdown` is in seconds. Raises KeyError for an
    unknown name, at the call and not in the worker.
    """
    task = current_app.tasks[name]
    transaction.on_commit(lambda: task.apply_async(kwargs=kwargs, countdown=countdown))
