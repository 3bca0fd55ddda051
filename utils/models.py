"""Tables of the shared libraries."""

from __future__ import annotations

from django.db import models


class PendingTask(models.Model):
    """A task that the broker didn't accept, to be sent once it is available again (see utils.tasks)."""

    name = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
