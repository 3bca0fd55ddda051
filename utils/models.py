"""What the floor below the apps keeps in the database."""

from __future__ import annotations

from django.db import models


class PendingTask(models.Model):
    """Work that the broker didn't take: it is sent when there is one again (see utils.tasks)."""

    name = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
