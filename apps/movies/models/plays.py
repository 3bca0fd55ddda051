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


class Play(models.Model):
    """A play that isn't in its title's counters yet: `flush_plays` adds it to them and deletes the row."""

    # Without a constraint: checking it would lock the title's row on MariaDB, once for each view.
    movie = models.ForeignKey(Movie, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    day = models.DateField()  # of the site's calendar
