"""Writes the people of the demo catalogue, with portraits in all sizes."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.base import ContentFile

from apps.movies import services as movies
from apps.movies.models import Person
from deploy.demo.catalogue import PEOPLE
from deploy.demo.portraits import portrait


def person(name: str) -> Person:
    """The person of that name, made if there is none. What a curator wrote stays."""
    found = Person.objects.current().filter(name=name).first()
    if found:
        return found
    figure = PEOPLE[name]
    return Person.objects.create(
        name=name,
        original_name=figure.original,
        aliases="\n".join(figure.aliases),
        born=figure.born,
        birthplace=figure.birthplace,
        about=figure.about,
    )


def draw_portraits(*, say: Callable[[str], None]) -> None:
    """Draw the portraits that are missing."""
    rows = Person.objects.current().filter(name__in=PEOPLE, portrait="", credits__isnull=False).distinct()
    for row in rows:
        row.portrait.save(f"{row.pk}.jpg", ContentFile(portrait(row.name, PEOPLE[row.name])))
        movies.make_portrait(person_id=row.pk)
    if rows:
        say("Portraits drawn")
