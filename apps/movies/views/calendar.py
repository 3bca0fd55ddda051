"""The update calendar of series, and the titles that are new this week."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.movies import services
from apps.movies.models import Audience, Movie
from utils.cache import allow_page_cache

SHOWN = 10  # titles of a day, unless the day is chosen
WEEKS = {"last": -1, "": 0, "next": 1}
NEW_DAYS = 7
NEW_PAGE = 48


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The week (`?week=last|next`), by day; on a phone one day (`?day=` 0 to 6, else today), of which all is shown."""
    name, chosen = request.GET.get("week", ""), request.GET.get("day", "")
    if name not in WEEKS:
        raise Http404
    audience = Audience.of(request)
    today = timezone.localtime(audience.at).weekday()
    whole = int(chosen) if chosen in {*"0123456"} else None
    days = services.week(audience=audience, offset=WEEKS[name], shown=SHOWN, whole=whole)
    place = whole if whole is not None else 0 if name else today
    address = reverse("movies:calendar")
    context = {
        "days": [
            {
                "day": day,
                "place": n,
                "chosen": n == place,
                "url": f"{address}?{f'week={name}&' if name else ''}day={n}",
            }
            for n, day in enumerate(days)
        ],
        "week": name,
        "weeks": {key or "this": f"{address}?week={key}" if key else address for key in WEEKS},
        "shown": [movie.pk for day in days for movie, _ in day.rows],
        "zone_name": timezone.get_current_timezone_name(),
        "is_empty": not any(day.rows for day in days),
    }
    is_known = set(request.GET) <= {"week", "day"} and (not chosen or whole is not None)
    response = render(request, "movies/calendar.html", context)
    return allow_page_cache(request, response, query_is_known=is_known and len(request.get_full_path()) < 40)


@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """The titles published in the last seven days, by day, the newest first; `?before=<time>-<id>` continues it."""
    audience = Audience.of(request)
    today = timezone.localtime(audience.at).date()
    since = datetime.combine(today - timedelta(days=NEW_DAYS - 1), time(), timezone.get_current_timezone())
    rows = Movie.objects.listed(audience).for_card().filter(published_at__gte=since, published_at__lte=audience.at)
    if (before := _place(request.GET.get("before", ""))) is not None:
        moment, pk = before
        rows = rows.filter(published_at__lte=moment).exclude(published_at=moment, pk__gte=pk)
    found = list(rows.order_by("-published_at", "-pk")[: NEW_PAGE + 1])
    shown = found[:NEW_PAGE]
    last = shown[-1] if len(found) > NEW_PAGE else None
    days = groupby(shown, lambda movie: timezone.localtime(movie.published_at).date())
    context = {
        "days": [{"day": day, "is_today": day == today, "movies": list(movies)} for day, movies in days],
        "is_first": before is None,
        "more_url": f"{reverse('movies:new')}?before={last.published_at.isoformat().replace('+00:00', 'Z')}_{last.pk}"
        if last and last.published_at
        else "",
    }
    return allow_page_cache(request, render(request, "movies/new.html", context))


def _place(text: str) -> tuple[datetime, int] | None:
    """The moment and the id of the last title shown; None if there is none or it can't be read."""
    moment, _, pk = text.partition("_")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (at, int(pk)) if at.tzinfo and pk.isascii() and pk.isdigit() and len(pk) < 19 else None
