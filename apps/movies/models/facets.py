"""The stored facet index."""

from __future__ import annotations

from django.db import models


class StoredFacets(models.Model):
    """The facet index of all listed titles, in one row (`services.facets` explains it)."""

    version = models.CharField(max_length=40)  # of the cached pages as the build began
    built_at = models.DateTimeField()
    seconds = models.FloatField()  # of processor time that the build took
    head = models.JSONField()
    body = models.BinaryField()

    class Meta:
        verbose_name = "facet index"
