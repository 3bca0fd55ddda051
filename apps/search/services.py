"""Finding titles by name, alias or person."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, Value, When

from apps.movies.models import Credit, Movie, MovieQuerySet

LONGEST = 60  # characters of a query that are looked at


def find(*, text: str) -> MovieQuerySet:
    """Published titles with `text` in a name, alias or person, best match first; nothing for no text."""
    text = text.replace("\x00", "").strip()[:LONGEST]
    if not text:
        return Movie.objects.none()
    people = Credit.objects.filter(person__name__icontains=text).values("movie")
    named = Q(title__icontains=text) | Q(original_title__icontains=text) | Q(aliases__icontains=text)
    order = Case(
        When(title__iexact=text, then=Value(0)),
        When(title__istartswith=text, then=Value(1)),
        When(title__icontains=text, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return Movie.objects.published().for_card().filter(named | Q(pk__in=people)).order_by(order, "-plays", "-pk")
