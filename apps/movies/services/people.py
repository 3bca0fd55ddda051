"""A person's titles, and merging people who are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from apps.movies.models import Audience, Credit, Movie, Person, listed_by_key
from apps.movies.services.changes import announce_renamed
from utils.cache import invalidate_pages


class UnableToMerge(Exception):
    """The people can't be merged; the message says why."""


@dataclass(frozen=True)
class Part:
    """What a person did in a title: `role` is one of Credit.Role."""

    movie_id: int
    role: str
    character: str


def filmography(*, person: Person, audience: Audience) -> list[Part]:
    """All parts in listed titles, the newest title first. One query of few columns, however many they are."""
    rows = Credit.objects.filter(listed_by_key(audience, "movie__"), person=person)
    rows = rows.order_by("-movie__year", "-movie__published_at", "-movie_id", "order")
    return [Part(*row) for row in rows.values_list("movie_id", "role", "character")]


def titles_of(*, parts: Iterable[Part], audience: Audience) -> list[tuple[Movie, Part]]:
    """The titles of the parts, in their order."""
    parts = list(parts)
    movies = Movie.objects.listed_by_key(audience).for_card().in_bulk([part.movie_id for part in parts])
    return [(movies[part.movie_id], part) for part in parts if part.movie_id in movies]


@transaction.atomic
def merge_people(*, person: Person, into: Person) -> None:
    """Give `into` the credits and names of `person`, whose page leads there from now on. Raises UnableToMerge.

    What `into` has already is kept.
    """
    rows = {
        row.pk: row for row in Person.objects.select_for_update().filter(pk__in=[person.pk, into.pk]).order_by("pk")
    }
    if len(rows) < 2:
        raise UnableToMerge("Choose two people.")
    person, into = rows[person.pk], rows[into.pk]
    if person.merged_into_id or into.merged_into_id:
        raise UnableToMerge(f"{person if person.merged_into_id else into} has been merged already.")
    there = set(Credit.objects.filter(person=into).values_list("movie_id", "role"))
    for credit in Credit.objects.filter(person=person):
        if (credit.movie_id, credit.role) in there:
            credit.delete()
        else:
            Credit.objects.filter(pk=credit.pk).update(person=into)
    names = [into.aliases, person.name, person.original_name, person.aliases]
    lines = [line.strip() for text in names for line in text.splitlines()]
    into.aliases = "\n".join(dict.fromkeys(line for line in lines if line not in {"", into.name, into.original_name}))
    for name in ("original_name", "portrait", "portrait_set", "born", "died", "birthplace", "about"):
        if not getattr(into, name) and (name != "portrait_set" or not into.portrait_set):
            setattr(into, name, getattr(person, name))
    into.save()
    Person.objects.filter(merged_into=person).update(merged_into=into)
    Person.objects.filter(pk=person.pk).update(merged_into=into, portrait="", portrait_set={})
    announce_renamed(relation="person", key=into.pk)
    invalidate_pages()
