"""What cards and pages say about a title and its episodes."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext, pgettext

from apps.movies import services
from apps.movies.models import Access, Kind, Movie, Run
from utils.templatetags.formats import duration, local_name

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
    if movie.run == Run.UPDATING:
        values = {"n": movie.latest_episode or movie.episodes_out}
        if movie.kind == Kind.COURSE:
            return _("Up to lesson %(n)s") % values
        if movie.kind == Kind.VARIETY:
            return pgettext("of a show", "Up to episode %(n)s") % values
        return _("Up to episode %(n)s") % values
    count = movie.episodes_out if movie.schedule_finished else movie.episodes_planned
    if movie.kind == Kind.COURSE:
        return ngettext("%(n)s lesson", "All %(n)s lessons", count) % {"n": count}
    if movie.kind == Kind.VARIETY:
        return npgettext("of a show", "%(n)s episode", "All %(n)s episodes", count) % {"n": count}
    return ngettext("%(n)s episode", "All %(n)s episodes", count) % {"n": count}


@register.simple_tag
def badge(movie: Movie) -> SafeString:
    """What a picture of a title says: that it is for members, paid or exclusive; "" for others."""
    if movie.access == Access.VIP:
        return SafeString('<span class="badge badge--vip">VIP</span>')
    if movie.access == Access.PAID:
        return format_html('<span class="badge badge--paid">{}</span>', _("Paid"))
    return format_html('<span class="badge">{}</span>', _("Exclusive")) if movie.exclusive else SafeString("")


@register.simple_tag
def origin(movie: Movie) -> str:
    """The year and region of a title, as far as they are known."""
    region = local_name(movie.region) if movie.region else ""
    return " · ".join(str(one) for one in (movie.year, region) if one)


def _several(movie: Movie, first: int, last: int) -> str:
    values = {"a": first, "b": last}
    if movie.kind == Kind.COURSE:
        return _("Lessons %(a)s–%(b)s") % values
    if movie.kind == Kind.VARIETY:
        return pgettext("of a show", "Episodes %(a)s–%(b)s") % values
    return _("Episodes %(a)s–%(b)s") % values


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # message ids


@register.filter
def short_weekday(day: date) -> str:
    """The weekday as a calendar heads its columns: Mon, 周一."""
    return pgettext("calendar", WEEKDAYS[day.weekday()])


@register.simple_tag
def update_words(movie: Movie, entry: services.Entry) -> str:
    """What the calendar says about an update, with the episodes it brings where they are known."""
    which = part(movie, entry.first) if entry.first else ""
    if entry.last > entry.first:
        which = _several(movie, entry.first, entry.last)
    if entry.is_finale:
        which = _("%(which)s · finale") % {"which": which}
    match entry.state:
        case services.State.OUT:
            return which
        case services.State.LATE:
            return _("Delayed: %(which)s isn't out yet") % {"which": which}
        case services.State.MISSED:
            return _("Not released")
        case services.State.PAUSED if entry.until:
            return _("On a break until %s") % date_format(entry.until, "MONTH_DAY_FORMAT")
        case services.State.PAUSED:
            return _("On a break")
    return which or _("After the delayed episode")
