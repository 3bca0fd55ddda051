"""People."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from utils.pictures import PictureSetField

# A date of which the month or the day may be unknown: ISO 8601, 1962, 1962-05 or 1962-05-04.
PARTIAL_DATE = r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"


class PersonQuerySet(models.QuerySet["Person"]):
    def current(self) -> PersonQuerySet:
        """People who weren't merged into another."""
        return self.filter(merged_into=None)


class Person(models.Model):
    """A person credited in titles. One that was merged into another has no credits, and its page leads there."""

    name = models.CharField(_("name"), max_length=80, db_index=True)
    original_name = models.CharField(_("original name"), max_length=80, blank=True)
    aliases = models.TextField(_("other names"), blank=True, help_text=_("One per line."))
    portrait = models.ImageField(
        _("portrait"), upload_to="people/", blank=True, help_text=_("3:4, at least 600 × 800.")
    )
    portrait_set = PictureSetField(default=dict, blank=True, editable=False)
    born = models.CharField(
        _("born"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(PARTIAL_DATE, _("Enter a date such as 1962-05-04, 1962-05 or 1962."))],
        help_text=_("For example 1962-05-04. Month and day are optional."),
    )
    died = models.CharField(
        _("died"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(PARTIAL_DATE, _("Enter a date such as 1962-05-04, 1962-05 or 1962."))],
    )
    birthplace = models.CharField(_("place of birth"), max_length=80, blank=True, default="", db_default="")
    about = models.TextField(_("biography"), blank=True)
    merged_into = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="merged", editable=False
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("movies:person", args=[self.pk])

    def clean(self) -> None:
        if self.born and self.died and self.died < self.born[: len(self.died)]:
            raise ValidationError({"died": _("The date of death can't be earlier than the date of birth.")})
