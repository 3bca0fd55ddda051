"""Play counts."""

from __future__ import annotations

from django.db import models

from apps.movies.models.titles import Movie


class PlayDay(models.Model):
    """Plays of a movie on one local day, the basis of the rankings."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="play_days")
    day = models.DateField(db_index=True)
    plays = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["movie", "day"], name="play_day_once")]


class Play(models.Model):
    """A play not yet added to its title's counters by `flush_plays`, which then deletes the row."""

    # No database constraint: on MariaDB checking it would lock the title's row for every view.
    movie = models.ForeignKey(Movie, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    day = models.DateField()  # local date
