"""Until when somebody is a VIP."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from apps.users.models import Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User


def is_member(*, user: User | AnonymousUser, at: datetime) -> bool:
    """Whether the user is a VIP at that moment."""
    return user.is_authenticated and Membership.objects.at(at).filter(user_id=user.pk).exists()


def membership_end(*, user: User, at: datetime) -> datetime | None:
    """When the membership that holds `at` ends, periods that follow on included; None without one."""
    end = None
    for period in Membership.objects.filter(user=user, ends_at__gt=at).order_by("starts_at"):
        if period.starts_at <= (end or at):
            end = max(period.ends_at, end or period.ends_at)
    return end
