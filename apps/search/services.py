"""Search for titles by name, alias or person."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, Value, When

from apps.movies.models import Audience, Credit, Movie, MovieQuerySet, Person
from utils.plain_text import clean_line

LONGEST = 60  # characters; longer queries are truncated
SUGGESTED_PEOPLE = 3


@dataclass(frozen=True)
class Suggestion:
    """A title with its URL, or a person's name to search for (no URL)."""

    text: str
    address: str = ""


def find(*, text: str, audience: Audience) -> MovieQuerySet:
    """Listed titles with `text` in a name, alias or person, best match first; empty for an empty query."""
    text = _plain(text)
    if not text:
        return Movie.objects.none()
    people = Credit.objects.filter(Q(person__name__icontains=text) | Q(person__original_name__icontains=text))
    named = Q(title__icontains=text) | Q(original_title__icontains=text) | Q(aliases__icontains=text)
    order = Case(
        When(title__iexact=text, then=Value(0)),
        When(title__istartswith=text, then=Value(1)),
        When(title__icontains=text, then=Value(2)),
        When(named, then=Value(3)),
        default=Value(4),
        output_field=IntegerField(),
    )
    found = Movie.objects.listed(audience).for_card().filter(named | Q(pk__in=people.values("movie")))
    return found.order_by(order, "-plays", "-pk")


def suggest(*, text: str, audience: Audience, limit: int = 8) -> list[Suggestion]:
    """Suggestions for `text`: listed titles, then people credited in one."""
    text = _plain(text)
    titles = [Suggestion(m.title, m.get_absolute_url()) for m in find(text=text, audience=audience)[:limit]]
    if not text or len(titles) == limit:
        return titles
    credited = Credit.objects.filter(movie__in=Movie.objects.listed(audience)).values("person")
    people = Person.objects.filter(name__icontains=text, pk__in=credited).order_by("name", "pk")
    names = people.values_list("name", flat=True)[: min(SUGGESTED_PEOPLE, limit - len(titles))]
    return titles + [Suggestion(name) for name in dict.fromkeys(names)]


def _plain(text: str) -> str:
    return clean_line(text[: 4 * LONGEST])[:LONGEST]
