"""The first page of the administration: what runs, what came, what needs somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.media.models import State, Video
from apps.media.presenters import GOING, encoding
from apps.movies.models import Episode, Movie, PlayDay
from apps.orders.models import Payment, Refund
from apps.orders.services import revenue
from apps.users.models import User
from utils.templatetags.formats import yuan

LATELY = timedelta(days=7)

QUEUE_SHOWN = 6


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds `cards` (figures) and `attention` (what to look at) to the index page's context."""
    today = timezone.localdate()
    states = dict(Video.objects.values_list("state").annotate(n=Count("pk")))
    plays = PlayDay.objects.filter(day=today).aggregate(n=Sum("plays"))["n"] or 0
    registered = User.objects.filter(date_joined__date=today).count()
    waiting = states.get(State.UPLOADED, 0) + states.get(State.PROCESSING, 0)
    failed = states.get(State.FAILED, 0)
    unexpected = Payment.objects.waiting().count()
    refused = Refund.objects.filter(state=Refund.State.FAILED, created_at__gt=timezone.now() - LATELY).count()
    published = Movie.objects.published()
    silent = published.filter(episodes_out=0).count()
    empty = Episode.objects.filter(video=None, movie__in=published).count()
    videos, movies = reverse("admin:media_video_changelist"), reverse("admin:movies_movie_changelist")
    context["cards"] = [
        {"title": _("Plays today"), "figure": plays, "url": movies},
        {
            "title": _("Sales today"),
            "figure": yuan(revenue(first=today, last=today).sales),
            "url": reverse("admin:orders_order_revenue"),
        },
        {"title": _("Registered today"), "figure": registered, "url": reverse("admin:users_user_changelist")},
        {"title": _("Titles on the shelf"), "figure": published.count(), "url": movies},
        {"title": _("Waiting to be encoded"), "figure": waiting, "url": videos},
    ]
    running = Video.objects.filter(state__in=GOING).order_by("state", "created_at")[:QUEUE_SHOWN]
    context["running"] = [{"video": video, "state": encoding(video)} for video in running]
    context["attention"] = [
        row
        for row in (
            {
                "text": _("Payments that bought nothing and wait to be refunded"),
                "figure": unexpected,
                "url": f"{reverse('admin:orders_order_changelist')}?waiting=1",
            },
            {
                "text": _("Refunds that the gateway refused this week"),
                "figure": refused,
                "url": f"{reverse('admin:orders_refund_changelist')}?state__exact=failed",
            },
            {"text": _("Videos that could not be encoded"), "figure": failed, "url": f"{videos}?state__exact=failed"},
            {"text": _("Published titles with nothing to watch yet"), "figure": silent, "url": movies},
            {
                "text": _("Published episodes without a file"),
                "figure": empty,
                "url": reverse("admin:movies_episode_changelist"),
            },
        )
        if row["figure"]
    ]
    context["newest"] = User.objects.order_by("-date_joined")[:6]
    return context
