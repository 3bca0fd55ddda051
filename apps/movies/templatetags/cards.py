"""Poster cards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.movies.models import Access, Movie
from apps.movies.services.people import Part
from utils.templatetags.formats import local

register = template.Library()


@register.simple_tag
def poster_cards(movies: Iterable[Movie]) -> SafeString:
    """The cards of a row or grid. A title shown in two rows of a page is rendered once."""
    card = get_template("parts/poster_card.html")
    made = []
    for movie in movies:
        if not hasattr(movie, "card"):
            movie.card = card.render(_values(movie, local(movie, "genre_line") or movie.tagline))  # type: ignore[attr-defined]
        made.append(movie.card)  # type: ignore[attr-defined]
    return mark_safe("".join(made))  # noqa: S308  (each is a rendered template)


@register.simple_tag
def credit_cards(titles: Iterable[tuple[Movie, Part]]) -> SafeString:
    """The cards of a person's titles, with the year and the character."""
    card = get_template("parts/poster_card.html")
    made = []
    for movie, part in titles:
        what = _("as %s") % part.character if part.character else ""
        line = " · ".join(str(one) for one in (movie.year, what) if one)
        made.append(card.render(_values(movie, line or local(movie, "genre_line") or movie.tagline)))
    return mark_safe("".join(made))  # noqa: S308  (each is a rendered template)


def _values(movie: Movie, line: str) -> dict[str, Any]:
    """What a card shows. The home page has a hundred, and each lookup in a template costs more than this."""
    shown = movie.access == Access.FREE and movie.episodes_out
    return {
        "movie": movie,
        "title": movie.title,
        "line": line,
        "score": str(movie.score) if movie.score else "",
        "url": movie.get_absolute_url(),
        "storyboard": reverse("playback:storyboard", args=[movie.pk, movie.first_episode]) if shown else "",
    }
