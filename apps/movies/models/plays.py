"""How often titles were played."""

from __future__ import annotations

from django.db import models

from apps.movies.models.titles import Movie


class PlayDay(models.Model):
    """Plays of one movie on one day of the site's calendar: what the rankings are summed from."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="play_days")
    day = models.DateField(db_index=True)
    plays = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["movie", "day"], name="play_day_once")]


class PlayBatch(models.Model):
    """A batch of plays that is in the database: written in the same transaction, so that it counts once."""

    name = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
