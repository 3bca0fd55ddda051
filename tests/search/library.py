"""Books with an index of their own, for tests of the engine."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from haystack import indexes

from utils.fulltext.analysis import Characters


class Book(models.Model):
    title = models.CharField(max_length=200)
    author = models.CharField(max_length=200, default="")
    summary = models.TextField(default="")
    aliases = models.JSONField(default=list)
    genres = models.JSONField(default=list)
    pages = models.IntegerField(default=0)
    price = models.FloatField(default=0)
    lent = models.BooleanField(default=False)
    heat = models.IntegerField(default=0)
    printed_on = models.DateField(default=datetime.date(2020, 1, 1))
    added_at = models.DateTimeField(default=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        app_label = "fulltext"


class Shared(Characters):
    """Of values that many books have."""

    shared = True


class Note(models.Model):
    words = models.CharField(max_length=200)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        app_label = "fulltext"


class BookIndex(indexes.SearchIndex, indexes.Indexable):
    text = indexes.CharField(document=True, model_attr="summary")
    title = indexes.CharField(model_attr="title")
    author = indexes.CharField(model_attr="author", faceted=True, analyzer=Shared())
    aliases = indexes.MultiValueField(model_attr="aliases")
    genres = indexes.MultiValueField(model_attr="genres", indexed=False, faceted=True)
    pages = indexes.IntegerField(model_attr="pages", faceted=True)
    price = indexes.FloatField(model_attr="price")
    lent = indexes.BooleanField(model_attr="lent", faceted=True)
    heat = indexes.IntegerField(model_attr="heat", indexed=False)
    printed_on = indexes.DateField(model_attr="printed_on", faceted=True)
    added_at = indexes.DateTimeField(model_attr="added_at")
    parts = indexes.NgramField(model_attr="title")
    beginnings = indexes.EdgeNgramField(model_attr="title")

    def get_model(self) -> type[models.Model]:
        return Book

    def index_queryset(self, using: str | None = None) -> Any:
        return Book.objects.exclude(title="")


class NoteIndex(indexes.SearchIndex, indexes.Indexable):
    text = indexes.CharField(document=True, model_attr="words")

    def get_model(self) -> type[models.Model]:
        return Note


CONNECTION: dict[str, Any] = {
    "ENGINE": "utils.fulltext.backend.FullTextEngine",
    "RANKING": ["title__exact", "title__startswith", "title", "aliases", "author", "text"],
    "HEAT": "heat",
    "SILENTLY_FAIL": False,
    "INCLUDE_SPELLING": True,
}
