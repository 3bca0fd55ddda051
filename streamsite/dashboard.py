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
from streamsite.unfold import may_open
from utils.templatetags.formats import yuan

LATELY = timedelta(days=7)
QUEUE_SHOWN = 6  # videos
NEWEST_SHOWN = 6  # accounts


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds to the index page's context: `cards` (figures), `running`, `attention` (what to look at), `newest`."""
    states = dict(Video.objects.values_list("state").annotate(n=Count("pk")))
    sees_videos = may_open("admin:media_video_changelist", request)
    sees_accounts = may_open("admin:users_user_changelist", request)
    running = Video.objects.filter(state__in=GOING).order_by("state", "created_at")[:QUEUE_SHOWN]
    return context | {
        "cards": [row for row in _cards(states) if _may_see(request, row)],
        "running": sees_videos and [{"video": video, "state": encoding(video)} for video in running],
        "sees_videos": sees_videos,
        "attention": [row for row in _attention(states) if row["figure"] and _may_see(request, row)],
        "newest": sees_accounts and User.objects.order_by("-date_joined")[:NEWEST_SHOWN],
        "sees_accounts": sees_accounts,
    }


def _may_see(request: HttpRequest, row: dict[str, Any]) -> bool:
    """Whether the row's page would answer: what it shows is no more than what stands there."""
    return may_open(row["page"], request)


def _row(title: str, figure: int | str, page: str, query: str = "") -> dict[str, Any]:
    return {"title": title, "figure": figure, "page": page, "url": reverse(page) + query}


def _cards(states: dict[str, int]) -> list[dict[str, Any]]:
    today = timezone.localdate()
    plays = PlayDay.objects.filter(day=today).aggregate(n=Sum("plays"))["n"] or 0
    sales = yuan(revenue(first=today, last=today).sales)
    registered = User.objects.filter(date_joined__date=today).count()
    waiting = sum(states.get(state, 0) for state in GOING)
    movies = "admin:movies_movie_changelist"
    return [
        _row(_("Plays today"), plays, movies),
        _row(_("Sales today"), sales, "admin:orders_order_revenue"),
        _row(_("Registered today"), registered, "admin:users_user_changelist"),
        _row(_("Titles on the shelf"), Movie.objects.published().count(), movies),
        _row(_("Waiting to be encoded"), waiting, "admin:media_video_changelist"),
    ]


def _attention(states: dict[str, int]) -> list[dict[str, Any]]:
    published = Movie.objects.published()
    refused = Refund.objects.filter(state=Refund.State.FAILED, created_at__gt=timezone.now() - LATELY)
    orders, refunds = "admin:orders_order_changelist", "admin:orders_refund_changelist"
    videos, movies = "admin:media_video_changelist", "admin:movies_movie_changelist"
    return [
        _row(
            _("Payments that bought nothing and wait to be refunded"),
            Payment.objects.waiting().count(),
            orders,
            "?waiting=1",
        ),
        _row(_("Refunds that the gateway refused this week"), refused.count(), refunds, "?state__exact=failed"),
        _row(_("Videos that wait for room on the disk"), states.get(State.NO_ROOM, 0), videos, "?state__exact=no_room"),
        _row(_("Videos that could not be encoded"), states.get(State.FAILED, 0), videos, "?state__exact=failed"),
        _row(_("Published titles with nothing to watch yet"), published.filter(episodes_out=0).count(), movies),
        _row(
            _("Published episodes without a file"),
            Episode.objects.filter(video=None, movie__in=published).count(),
            "admin:movies_episode_changelist",
        ),
    ]
