"""The watch history page."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import TypedDict

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.movies.models import Audience, Category
from apps.playback import services
from apps.playback.models import Progress
from apps.users import services as users
from utils.numbers import row_id
from utils.paging import page_links

HISTORY_PAGE = 24


class Day(TypedDict):
    """The history of one day in the site's time zone."""

    label: str
    rows: list[Progress]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def history(request: HttpRequest, page: int) -> HttpResponse:
    """The watch history, newest first; POST removes the entry `remove`, or clears everything without it."""
    user = users.signed_in(request)
    if request.method == "POST":
        if "remove" not in request.POST:
            services.clear_history(user=user)
            return redirect("playback:history", 1)
        if chosen := row_id(request.POST["remove"]):
            services.forget(user=user, progress_id=chosen)
        return redirect("playback:history", page)
    movie_page = Paginator(Progress.objects.for_history(Audience.of(request)), HISTORY_PAGE).get_page(page)
    rows = list(movie_page.object_list)
    return render(
        request,
        "users/history.html",
        {
            "user_info": user,
            "user": user,
            "types": Category.objects.all(),
            "movies_li": rows,
            "days": _by_day(rows),
            "movie_page": movie_page,
            "pages": page_links(movie_page, lambda number: reverse("playback:history", args=[number])),
            "page": movie_page.number,
        },
    )


def _by_day(rows: list[Progress]) -> list[Day]:
    today = timezone.localdate()
    grouped = groupby(rows, key=lambda row: timezone.localdate(row.updated_at))
    return [{"label": _day_name(day, today), "rows": list(of_day)} for day, of_day in grouped]


def _day_name(day: date, today: date) -> str:
    if day == today:
        return pgettext("a day", "Today")
    return _("Yesterday") if day == today - timedelta(days=1) else date_format(day)
