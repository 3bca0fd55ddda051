"""Episodes, chapters and course material."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.media.models import Video
from apps.movies.models.titles import Movie
from utils.rows import name_of
from utils.storages import private

HIGHEST = 9999  # highest episode number
ASIDE = 20_000  # offset during renumbering; fits a small integer column


class Episode(models.Model):
    """One numbered part of a movie; a film has one. `number` is the `<set_id>` of the watch page."""

    movie = models.ForeignKey(
        Movie, models.CASCADE, related_name="episodes", verbose_name=pgettext_lazy("catalogue", "title")
    )
    number = models.PositiveSmallIntegerField(
        _("number"), default=1, validators=[MinValueValidator(1), MaxValueValidator(HIGHEST)]
    )
    title = models.CharField(_("title"), max_length=120, blank=True)
    video = models.ForeignKey(
        Video, models.PROTECT, null=True, blank=True, related_name="episodes", verbose_name=_("video")
    )
    intro_start = models.FloatField(_("intro start"), null=True, blank=True, help_text=_("In seconds."))
    intro_end = models.FloatField(_("intro end"), null=True, blank=True, help_text=_("In seconds."))
    outro_start = models.FloatField(_("outro start"), null=True, blank=True, help_text=_("In seconds."))
    created_at = models.DateTimeField(_("added at"), default=timezone.now)
    # When it could first be watched; a later encode doesn't change it.
    available_at = models.DateTimeField(_("available since"), null=True, editable=False)

    class Meta:
        verbose_name = _("episode")
        verbose_name_plural = _("episodes")
        ordering = ["number"]
        indexes = [models.Index(fields=["movie", "available_at", "number"], name="episode_by_date")]
        constraints = [
            models.UniqueConstraint(fields=["movie", "number"], name="episode_number_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=HIGHEST) | Q(number__gt=ASIDE, number__lte=ASIDE + HIGHEST),
                name="episode_number_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{name_of(self, 'movie')} · {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("playback:watch", args=[self.movie_id, self.number])


class Chapter(models.Model):
    """A chapter marker on the seek bar."""

    episode = models.ForeignKey(Episode, models.CASCADE, related_name="chapters", verbose_name=_("episode"))
    starts_at = models.FloatField(_("from"), help_text=_("In seconds."))
    title = models.CharField(_("title"), max_length=80)

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")
        ordering = ["starts_at"]

    def __str__(self) -> str:
        return self.title


class MaterialFile(FieldFile):
    """A file whose URL is the authorising view, as a signed URL would expire in five minutes."""

    @property
    def url(self) -> str:
        return reverse("playback:material", args=[self.instance.pk]) if self.instance.pk else ""


class MaterialField(models.FileField):
    attr_class = MaterialFile

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.FileField", args, kwargs  # stored like any other file


class Material(models.Model):
    """A file of a course, for viewers entitled to the course."""

    movie = models.ForeignKey(
        Movie, models.CASCADE, related_name="materials", verbose_name=pgettext_lazy("catalogue", "title")
    )
    title = models.CharField(_("title"), max_length=80)
    file = MaterialField(_("file"), upload_to="materials/", storage=private)

    class Meta:
        verbose_name = _("material")
        verbose_name_plural = _("materials")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title
