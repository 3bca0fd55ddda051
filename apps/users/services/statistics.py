"""Account statistics for administrators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.users.models import Membership, User

CHART_DAYS = 30
ACTIVE_DAYS = 30


class Card(TypedDict):
    """A figure with its title."""

    title: str
    figure: int


def totals(*, at: datetime) -> list[Card]:
    """Totals: all, new, active, VIP and locked accounts."""
    users = User.objects.filter(is_active=True)
    return [
        {"title": _("Accounts"), "figure": users.count()},
        {"title": _("Signed up today"), "figure": users.filter(date_joined__date=timezone.localdate(at)).count()},
        {
            "title": _("Signed in within the last 30 days"),
            "figure": users.filter(last_login__gt=at - timedelta(days=ACTIVE_DAYS)).count(),
        },
        {"title": _("VIP members"), "figure": Membership.objects.at(at).values("user").distinct().count()},
        {"title": _("Locked"), "figure": users.exclude(locked_at=None).count()},
    ]


def registrations_chart(*, at: datetime) -> dict[str, Any]:
    """Daily sign-ups of the last 30 days in the site's time zone, as Chart.js data."""
    today = timezone.localdate(at)
    days = [today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1)]
    rows = (
        User.objects.filter(date_joined__date__gte=days[0])
        .annotate(day=TruncDate("date_joined"))
        .values_list("day")
        .annotate(n=Count("pk"))
        .order_by()
    )
    counts = dict(rows)
    return {
        "labels": [f"{day:%m-%d}" for day in days],
        "datasets": [
            {
                "label": _("Sign-ups"),
                "data": [counts.get(day, 0) for day in days],
                "backgroundColor": "var(--color-primary-600)",
            }
        ],
    }
