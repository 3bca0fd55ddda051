"""Comments on titles."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.movies.models import Movie


class CommentQuerySet(models.QuerySet["Comment"]):
    def shown(self) -> CommentQuerySet:
        """Comments that aren't hidden."""
        return self.filter(hidden_at=None)

    def for_watch(self) -> CommentQuerySet:
        """Comments for the watch page: newest first, with their authors."""
        return self.shown().select_related("user").order_by("-created_at", "-pk")


class Comment(models.Model):
    """A comment on a title; hidden ones are kept in the database."""

    movie = models.ForeignKey(
        Movie, models.CASCADE, related_name="comments", verbose_name=pgettext_lazy("catalogue", "title")
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="comments", verbose_name=_("user"))
    text = models.CharField(_("text"), max_length=500)
    created_at = models.DateTimeField(_("posted at"), auto_now_add=True)
    hidden_at = models.DateTimeField(_("hidden at"), null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [models.Index(fields=["movie", "-created_at"])]

    def __str__(self) -> str:
        return self.text[:40]
