"""The admin overview: key figures, running encodes, and items that need attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.media.models import ACTIVE, State, Video
from apps.media.presenters import encoding
from apps.movies.models import Episode, Movie, PlayDay
from apps.orders import services as orders
from apps.orders.models import Payment, Refund
from apps.users.models import User
from streamsite.unfold import may_open
from utils.templatetags.formats import yuan

LATELY = timedelta(days=7)
QUEUE_SHOWN = 6  # videos
NEWEST_SHOWN = 6  # accounts


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add `cards` (figures), `running`, `attention` and `newest` to the context of the index page.

    Only queries for pages that this user may open are run.
    """
    sees_videos = may_open("admin:media_video_changelist", request)
    sees_accounts = may_open("admin:users_user_changelist", request)
    states = dict(Video.objects.values_list("state").annotate(n=Count("pk"))) if sees_videos else {}
    running = Video.objects.filter(state__in=ACTIVE).order_by("state", "created_at")[:QUEUE_SHOWN]
    return context | {
        "cards": [row.shown() for row in _cards(states) if may_open(row.page, request)],
        "running": sees_videos and [{"video": video, "state": encoding(video, at=timezone.now())} for video in running],
        "sees_videos": sees_videos,
        "attention": [
            shown for row in _attention(states) if may_open(row.page, request) and (shown := row.shown())["figure"]
        ],
        "newest": sees_accounts and User.objects.order_by("-date_joined")[:NEWEST_SHOWN],
        "sees_accounts": sees_accounts,
    }


@dataclass(frozen=True)
class Row:
    """A figure and the admin page that lists what it counts."""

    title: str
    count: Callable[[], int | str]
    page: str
    query: str = ""

    def shown(self) -> dict[str, Any]:
        """The template context; runs the count."""
        return {"title": self.title, "figure": self.count(), "url": reverse(self.page) + self.query}


def _cards(states: dict[str, int]) -> list[Row]:
    today = timezone.localdate()
    movies, videos = "admin:movies_movie_changelist", "admin:media_video_changelist"
    plays = PlayDay.objects.filter(day=today)
    registered = User.objects.filter(date_joined__date=today)
    return [
        Row(_("Plays today"), lambda: plays.aggregate(n=Sum("plays"))["n"] or 0, movies),
        Row(
            _("Sales today"), lambda: yuan(orders.revenue(first=today, last=today).sales), "admin:orders_order_revenue"
        ),
        Row(_("Signed up today"), registered.count, "admin:users_user_changelist"),
        Row(_("Published titles"), Movie.objects.published().count, movies),
        Row(_("Queued for encoding"), lambda: sum(states.get(state, 0) for state in ACTIVE), videos),
    ]


def _attention(states: dict[str, int]) -> list[Row]:
    published = Movie.objects.published()
    refused = Refund.objects.filter(state=Refund.State.FAILED, created_at__gt=timezone.now() - LATELY)
    payments, refunds = "admin:orders_order_changelist", "admin:orders_refund_changelist"
    videos, movies = "admin:media_video_changelist", "admin:movies_movie_changelist"
    unwatchable = Episode.objects.filter(video=None, movie__in=published)
    return [
        Row(
            _("Unclaimed payments awaiting refund"),
            Payment.objects.unclaimed().count,
            payments,
            "?waiting=1",
        ),
        Row(_("Refunds declined by the gateway this week"), refused.count, refunds, "?state__exact=failed"),
        Row(_("Failed encodes"), lambda: states.get(State.FAILED, 0), videos, "?state__exact=failed"),
        Row(
            _("Videos waiting for disk space"),
            lambda: states.get(State.NO_ROOM, 0),
            videos,
            "?state__exact=no_room",
        ),
        Row(_("Published titles without playable episodes"), published.filter(episodes_out=0).count, movies),
        Row(_("Published episodes without a video"), unwatchable.count, "admin:movies_episode_changelist"),
    ]
