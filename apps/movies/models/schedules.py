"""When new episodes of a title come out."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.movies.models.titles import Movie
from utils.rows import name_of

EVERY_DAY = 0b1111111


class Schedule(models.Model):
    """The rhythm in which episodes of a title come out, in the site's time zone. It publishes nothing itself."""

    movie = models.OneToOneField(
        Movie, models.CASCADE, related_name="schedule", verbose_name=pgettext_lazy("catalogue", "title")
    )
    # A bit per weekday: 1 is Monday, 64 is Sunday.
    weekdays = models.PositiveSmallIntegerField(_("weekdays"))
    time = models.TimeField(_("release time"), help_text=_("In the site's time zone."))
    episodes_each = models.PositiveSmallIntegerField(
        _("episodes per release"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    starts_on = models.DateField(_("start date"))
    paused_from = models.DateField(_("break from"), null=True, blank=True)
    paused_until = models.DateField(
        _("break until"), null=True, blank=True, help_text=_("Last day without new episodes. Leave empty if unknown.")
    )
    note = models.CharField(
        _("note"),
        max_length=60,
        blank=True,
        help_text=_("Shown in the calendar, for example the reason for the break."),
    )
    finished = models.BooleanField(
        _("ended"), default=False, help_text=_("No more episodes will be released. The title is listed as completed.")
    )

    class Meta:
        verbose_name = _("release schedule")
        verbose_name_plural = _("release schedules")
        constraints = [
            models.CheckConstraint(condition=Q(weekdays__gte=1, weekdays__lte=EVERY_DAY), name="schedule_has_weekdays"),
            models.CheckConstraint(
                condition=Q(paused_until__isnull=True)
                | Q(paused_from__isnull=False, paused_until__gte=F("paused_from")),
                name="schedule_break_in_order",
            ),
        ]

    def __str__(self) -> str:
        return name_of(self, "movie")

    @property
    def days(self) -> list[int]:
        """The weekdays, Monday is 0."""
        return [day for day in range(7) if self.weekdays >> day & 1]

    def clean(self) -> None:
        if self.paused_until and not self.paused_from:
            raise ValidationError({"paused_from": _("Enter the first day of the break.")})
        if self.paused_from and self.paused_until and self.paused_until < self.paused_from:
            raise ValidationError({"paused_until": _("The break can't end before it starts.")})
