"""Poster cards."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from apps.movies.models import Movie

register = template.Library()


@register.simple_tag
def poster_cards(movies: Iterable[Movie]) -> SafeString:
    """The cards of a row or grid. A title shown in two rows of a page is rendered once."""
    card = get_template("parts/poster_card.html")
    made = []
    for movie in movies:
        if not hasattr(movie, "card"):
            movie.card = card.render({"movie": movie})  # type: ignore[attr-defined]
        made.append(movie.card)  # type: ignore[attr-defined]
    return mark_safe("".join(made))  # noqa: S308  (each is a rendered template)
