"""Episodes get other numbers: swapped, moved and inserted in one go."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Case, F, Value, When

from apps.movies.models import Episode, Movie
from apps.movies.services.shelf import refresh_episodes

HIGHEST = 9999
ASIDE = 20_000  # added to a number while others change: a column of small integers holds it


class NumberTaken(Exception):
    """`pks`: the episodes whose new number another one has."""

    def __init__(self, pks: set[int]) -> None:
        super().__init__(pks)
        self.pks = pks


def renumber(*, movie: Movie, numbers: Mapping[int, int], make_room: bool = False) -> int:
    """Give the movie's episodes these numbers, by primary key; returns how many changed.

    A number that an episode outside of `numbers` holds is refused, or, to `make_room`, that one and those right
    behind it move on by one. Raises NumberTaken.
    """
    with transaction.atomic():
        Movie.objects.select_for_update().get(pk=movie.pk)
        now = dict(movie.episodes.values_list("pk", "number"))
        wanted = {pk: number for pk, number in numbers.items() if pk in now and now[pk] != number}
        holders: dict[int, int] = {}
        clashing: set[int] = set()
        for pk, number in wanted.items():
            if holders.setdefault(number, pk) != pk:
                clashing |= {pk, holders[number]}
        for pk, number in sorted(((p, n) for p, n in now.items() if p not in wanted), key=lambda row: row[1]):
            free = number
            while make_room and free in holders:
                free += 1
            if free in holders or free > HIGHEST:
                clashing.add(holders.get(free, pk))
                continue
            holders[free] = pk
            if free != number:
                wanted[pk] = free
        if clashing:
            raise NumberTaken(clashing)
        rows = Episode.objects.filter(pk__in=wanted)
        # Twice: on the way to its number no episode may meet another that hasn't left it yet.
        rows.update(number=F("number") + ASIDE)
        if wanted:
            rows.update(number=Case(*(When(pk=pk, then=Value(number)) for pk, number in wanted.items())))
            most = max(wanted.values())
            Movie.objects.filter(pk=movie.pk, episodes_planned__lt=most).update(episodes_planned=most)
    if wanted:
        refresh_episodes(movie_id=movie.pk)
    return len(wanted)
