"""Credits: what people did in titles."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.movies.models.people import Person
from apps.movies.models.titles import Movie
from utils.rows import name_of


class Credit(models.Model):
    """A person's role in a title."""

    class Role(models.TextChoices):
        DIRECTOR = "director", _("director")
        CAST = "cast", _("cast")
        TEACHER = "teacher", _("teacher")
        HOST = "host", _("host")

    movie = models.ForeignKey(
        Movie, models.CASCADE, related_name="credits", verbose_name=pgettext_lazy("catalogue", "title")
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="credits", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=8, choices=Role)
    character = models.CharField(_("character"), max_length=80, blank=True)
    order = models.PositiveSmallIntegerField(_("sort order"), default=0)

    class Meta:
        verbose_name = _("credit")
        verbose_name_plural = _("credits")
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["movie", "person", "role"], name="credit_once")]

    def __str__(self) -> str:
        return f"{name_of(self, 'person')} ({self.get_role_display()})"
