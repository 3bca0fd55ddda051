"""Tables of the shared libraries."""

from __future__ import annotations

from django.db import models


class PendingTask(models.Model):
    """A task that the broker hasn't accepted yet, to be sent once it is available (see utils.tasks)."""

    name = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, default="", db_default="")  # of the request that caused it
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ReplicaHeartbeat(models.Model):
    """One row, whose number grows several times a second where the database has replicas (see utils.replicas)."""

    number = models.BigIntegerField()
    at = models.DateTimeField()  # by the primary's clock, for operators
