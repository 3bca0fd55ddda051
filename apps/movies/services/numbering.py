"""Renumbering and retitling a title's episodes in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from apps.movies.models import ASIDE, HIGHEST, Episode, Movie
from apps.movies.services.catalogue import refresh_episodes


class NumberTaken(Exception):
    """`pks`: the episodes whose new number is taken."""

    def __init__(self, pks: set[int]) -> None:
        super().__init__(pks)
        self.pks = pks


class UnableToEdit(Exception):
    """`errors`: messages by primary key; nothing was saved."""

    def __init__(self, errors: dict[int, str]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True)
class Edit:
    """An episode's new values, and those that the page showed when it was opened."""

    pk: int
    number: int
    title: str
    number_was: int
    title_was: str

    @property
    def is_change(self) -> bool:
        return (self.number, self.title) != (self.number_was, self.title_was)


def edit_episodes(*, movie: Movie, edits: Sequence[Edit], make_room: bool = False) -> list[str]:
    """Save the edits of a page of episodes; returns messages about changes by others in the meantime.

    Unchanged fields keep their current values; conflicting edits are refused, so that the second editor can decide.
    Raises UnableToEdit.
    """
    with transaction.atomic():
        Movie.objects.select_for_update().get(pk=movie.pk)
        now = {pk: (number, title) for pk, number, title in movie.episodes.values_list("pk", "number", "title")}
        errors, notes, numbers, titles = {}, [], {}, []
        for edit in edits:
            if edit.pk not in now:
                notes.append(_("Episode %(number)d “%(title)s” has been deleted.") % _shown(edit))
                continue
            number, title = now[edit.pk]
            if edit.number_was not in (number, edit.number) and edit.number != number:
                errors[edit.pk] = _("Someone else changed the number to %d. Save again to overwrite it.") % number
            elif edit.title_was not in (title, edit.title) and edit.title != title:
                errors[edit.pk] = _("Someone else renamed it to “%s”. Save again to overwrite it.") % title
            if edit.number != edit.number_was:
                numbers[edit.pk] = edit.number
            elif number != edit.number_was:
                notes.append(_("Episode %(was)d is now number %(now)d.") % {"was": edit.number_was, "now": number})
            if edit.title != edit.title_was:
                titles.append(Episode(pk=edit.pk, title=edit.title))
            elif title != edit.title_was:
                notes.append(_("Episode %(number)d is now titled “%(title)s”.") % {"number": number, "title": title})
        if errors:
            raise UnableToEdit(errors)
        try:
            renumber(movie=movie, numbers=numbers, make_room=make_room)
        except NumberTaken as taken:
            raise UnableToEdit({pk: _("Another episode already has this number.") for pk in taken.pks}) from taken
        Episode.objects.bulk_update(titles, ["title"])
    return notes


def _shown(edit: Edit) -> dict[str, object]:
    return {"number": edit.number_was, "title": edit.title_was}


def renumber(*, movie: Movie, numbers: Mapping[int, int], make_room: bool = False) -> int:
    """Renumber the movie's episodes, by primary key; returns how many changed.

    A number held by another episode is refused, or, with `make_room`, that episode and those directly following it
    are shifted by one. Raises NumberTaken.
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
        # In two steps, so that no intermediate state has duplicate numbers.
        rows.update(number=F("number") + ASIDE)
        if wanted:
            rows.update(number=Case(*(When(pk=pk, then=Value(number)) for pk, number in wanted.items())))
            most = max(wanted.values())
            Movie.objects.filter(pk=movie.pk, episodes_planned__lt=most).update(episodes_planned=most)
    if wanted:
        refresh_episodes(movie_id=movie.pk)
    return len(wanted)
