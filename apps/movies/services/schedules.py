"""What a schedule changes of its title."""

from __future__ import annotations

from apps.movies.models import Movie, Schedule
from utils.cache import invalidate_pages


def refresh_schedule(*, movie_id: int) -> None:
    """Update what the title keeps of its schedule."""
    finished = Schedule.objects.filter(movie_id=movie_id).values_list("finished", flat=True).first()
    Movie.objects.filter(pk=movie_id).update(schedule_finished=finished)
    invalidate_pages()
