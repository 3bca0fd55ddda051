"""The first page of the administration: what runs, what came, what needs somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.media.models import GOING, State, Video
from apps.media.presenters import encoding
from apps.movies.models import Episode, Movie, PlayDay
from apps.orders.models import Payment, Refund
from apps.orders.services import revenue
from apps.users.models import User
from utils.templatetags.formats import yuan

LATELY = timedelta(days=7)
QUEUE_SHOWN = 6  # videos
NEWEST_SHOWN = 6  # accounts


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds to the index page's context: `cards` (figures), `running`, `attention` (what to look at), `newest`."""
    states = dict(Video.objects.values_list("state").annotate(n=Count("pk")))
    running = Video.objects.filter(state__in=GOING).order_by("state", "created_at")[:QUEUE_SHOWN]
    return context | {
        "cards": _cards(states),
        "running": [{"video": video, "state": encoding(video)} for video in running],
        "attention": [row for row in _attention(states) if row["figure"]],
        "newest": User.objects.order_by("-date_joined")[:NEWEST_SHOWN],
    }


def _row(title: str, figure: int | str, address: str) -> dict[str, Any]:
    return {"title": title, "figure": figure, "url": address}


def _cards(states: dict[str, int]) -> list[dict[str, Any]]:
    today = timezone.localdate()
    plays = PlayDay.objects.filter(day=today).aggregate(n=Sum("plays"))["n"] or 0
    sales = yuan(revenue(first=today, last=today).sales)
    registered = User.objects.filter(date_joined__date=today).count()
    waiting = sum(states.get(state, 0) for state in GOING)
    movies = reverse("admin:movies_movie_changelist")
    return [
        _row(_("Plays today"), plays, movies),
        _row(_("Sales today"), sales, reverse("admin:orders_order_revenue")),
        _row(_("Registered today"), registered, reverse("admin:users_user_changelist")),
        _row(_("Titles on the shelf"), Movie.objects.published().count(), movies),
        _row(_("Waiting to be encoded"), waiting, reverse("admin:media_video_changelist")),
    ]


def _attention(states: dict[str, int]) -> list[dict[str, Any]]:
    published = Movie.objects.published()
    refused = Refund.objects.filter(state=Refund.State.FAILED, created_at__gt=timezone.now() - LATELY)
    orders, refunds = reverse("admin:orders_order_changelist"), reverse("admin:orders_refund_changelist")
    videos, movies = reverse("admin:media_video_changelist"), reverse("admin:movies_movie_changelist")
    return [
        _row(
            _("Payments that bought nothing and wait to be refunded"),
            Payment.objects.waiting().count(),
            f"{orders}?waiting=1",
        ),
        _row(_("Refunds that the gateway refused this week"), refused.count(), f"{refunds}?state__exact=failed"),
        _row(_("Videos that could not be encoded"), states.get(State.FAILED, 0), f"{videos}?state__exact=failed"),
        _row(_("Published titles with nothing to watch yet"), published.filter(episodes_out=0).count(), movies),
        _row(
            _("Published episodes without a file"),
            Episode.objects.filter(video=None, movie__in=published).count(),
            reverse("admin:movies_episode_changelist"),
        ),
    ]
