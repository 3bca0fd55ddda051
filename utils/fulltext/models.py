"""Which tables hold an index. The tables themselves are made by `utils.fulltext.tables`, one set a generation."""

from __future__ import annotations

from django.db import models


class Index(models.Model):
    """A Haystack connection's index: the generation that answers, and one that is being built."""

    connection = models.CharField(max_length=40, unique=True)
    generation = models.PositiveIntegerField()
    building = models.PositiveIntegerField(null=True)
    shape = models.CharField(max_length=64)  # fingerprint of fields and analyzers that `generation` was made with
    built_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.connection} {self.generation}"


class Touched(models.Model):
    """A document that changed while a generation was being built: it is written again before the switch."""

    index = models.ForeignKey(Index, on_delete=models.CASCADE, related_name="touched")
    model = models.CharField(max_length=100)
    key = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.model}.{self.key}"
