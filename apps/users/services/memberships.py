"""VIP memberships."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.users.models import Membership, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def is_member(*, user: User | AnonymousUser, at: datetime) -> bool:
    """Whether the user has an active membership at that moment."""
    return user.is_authenticated and Membership.objects.at(at).filter(user_id=user.pk).exists()


def membership_end(*, user: User, at: datetime) -> datetime | None:
    """End of the membership active at `at`, including consecutive periods; None without one."""
    end = None
    for period in Membership.objects.filter(user=user, ends_at__gt=at).order_by("starts_at"):
        if period.starts_at <= (end or at):
            end = max(period.ends_at, end or period.ends_at)
    return end


def membership_streams(*, user: User, at: datetime) -> int:
    """Number of concurrent streams that the membership active at `at` allows; 0 without one."""
    return Membership.objects.at(at).filter(user=user).aggregate(most=Max("streams"))["most"] or 0


def extend_membership(
    *, user: User, days: int, at: datetime, reason: str = "", streams: int | None = None
) -> Membership:
    """Add a period of `days`, starting at the later of `at` and the end of the user's last period.

    `streams` is the number of concurrent streams; None means STREAMS_AT_ONCE.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        last = Membership.objects.filter(user=user, ends_at__gt=at).aggregate(end=Max("ends_at"))["end"]
        starts_at = last or at
        return Membership.objects.create(
            user=user, starts_at=starts_at, ends_at=starts_at + timedelta(days=days), reason=reason,
            streams=streams or settings.STREAMS_AT_ONCE,
        )  # fmt: skip


def take_back_membership(*, membership: Membership, at: datetime) -> timedelta:
    """Revoke the rest of one period; consecutive periods move forward. Returns the revoked time."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=membership.user_id)
        period = Membership.objects.filter(pk=membership.pk, ends_at__gt=at).first()
        if period is None:
            return timedelta(0)
        end, begins = period.ends_at, max(period.starts_at, at)
        left = end - begins
        if period.starts_at < at:
            period.ends_at = at
            period.save(update_fields=["ends_at"])
        else:
            period.delete()
        for later in Membership.objects.filter(user_id=membership.user_id, starts_at__gte=end).order_by("starts_at"):
            if later.starts_at != end:
                break  # a gap: the period doesn't continue this one
            end = later.ends_at
            later.starts_at, later.ends_at = later.starts_at - left, later.ends_at - left
            later.save(update_fields=["starts_at", "ends_at"])
        return left
