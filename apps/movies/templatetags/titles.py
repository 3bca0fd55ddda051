"""What cards and pages say about a title and its episodes."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.movies.models import Kind, Movie
from utils.templatetags.formats import duration, local, local_name

register = template.Library()


@register.simple_tag
def part(movie: Movie, number: int) -> str:
    """The name of an episode by its number, in the words of the title's kind."""
    values = {"n": number}
    if movie.kind == Kind.COURSE:
        return _("Lesson %(n)s") % values
    if movie.kind == Kind.VARIETY:
        return pgettext("of a show", "Episode %(n)s") % values
    return _("Episode %(n)s") % values


@register.simple_tag
def extent(movie: Movie) -> str:
    """The length of a film; of other titles the last episode that is out, or the number of all."""
    if movie.kind == Kind.FILM:
        return duration(movie.duration) if movie.duration else ""
    if movie.episodes_planned > movie.episodes_out:
        values = {"n": movie.episodes_out}
        if movie.kind == Kind.COURSE:
            return _("Up to lesson %(n)s") % values
        if movie.kind == Kind.VARIETY:
            return pgettext("of a show", "Up to episode %(n)s") % values
        return _("Up to episode %(n)s") % values
    values = {"n": movie.episodes_planned}
    if movie.kind == Kind.COURSE:
        return _("All %(n)s lessons") % values
    if movie.kind == Kind.VARIETY:
        return pgettext("of a show", "All %(n)s episodes") % values
    return _("All %(n)s episodes") % values


@register.simple_tag
def origin(movie: Movie) -> str:
    """The year, region and genres of a title, as far as they are known."""
    region = local_name(movie.region) if movie.region else ""
    genres = local(movie, "genre_line") if movie.genre_line else ""
    return " · ".join(str(one) for one in (movie.year, region, genres) if one)
