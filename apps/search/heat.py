"""The order of titles that match equally well: heat, then recency."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.movies.models import Movie

STEPS = 8  # of heat for each doubling of plays: a title keeps its place until it gains about nine percent
MOST_HEAT = 511
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
DAYS = 10  # titles of one period are equally recent
MOST_PERIODS = 2047


def heat(movie: Movie) -> int:
    """A number below 2^20: larger comes first. Plays of this week count four times."""
    plays = movie.plays + 3 * movie.plays_week
    steps = min(int(STEPS * (plays + 1).bit_length() + _part(plays + 1)), MOST_HEAT)
    published = movie.published_at or EPOCH
    return steps * (MOST_PERIODS + 1) + min(max((published - EPOCH).days // DAYS, 0), MOST_PERIODS)


def plays_of(heat: int) -> int:
    """The part of a heat that comes from plays: equal for titles with about as many."""
    return heat // (MOST_PERIODS + 1)


def _part(plays: int) -> int:
    """Which of the STEPS between one power of two and the next."""
    power = 1 << (plays.bit_length() - 1)
    return STEPS * (plays - power) // power
