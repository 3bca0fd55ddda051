"""The recent searches of an account; browsers without an account keep theirs themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from apps.search.models import RecentSearch
from apps.search.services.texts import folded, plain
from apps.users.models import User

KEPT = 20
BELIEVED = timedelta(days=366)  # how far back a browser's own times are believed


def texts(*, user: User, limit: int = KEPT) -> list[str]:
    """What the account searched for, newest first."""
    return list(
        RecentSearch.objects.filter(user=user).order_by("-searched_at", "-pk").values_list("text", flat=True)[:limit]
    )


def remember(*, user: User, text: str, at: datetime) -> None:
    """Put a text first; the same text in another spelling is replaced. The oldest beyond KEPT are dropped."""
    text = plain(text)
    key = folded(text)
    if not key:
        return
    own = RecentSearch.objects.filter(user=user)
    values = {"text": text, "searched_at": at}
    if own.filter(folded=key, searched_at__lte=at).update(**values):
        return
    RecentSearch.objects.get_or_create(user=user, folded=key, defaults=values)
    _trim(user)


def move_in(*, user: User, searches: Iterable[tuple[str, datetime]], at: datetime) -> None:
    """Add what a browser kept before its viewer signed in; safe to repeat."""
    with transaction.atomic():
        for text, searched_at in list(searches)[:KEPT]:
            remember(user=user, text=text, at=min(max(searched_at, at - BELIEVED), at))


def forget(*, user: User, text: str) -> bool:
    """Remove one text; False if it wasn't there."""
    return bool(RecentSearch.objects.filter(user=user, folded=folded(text)).delete()[0])


def clear(*, user: User) -> int:
    """Remove all; returns how many there were."""
    return RecentSearch.objects.filter(user=user).delete()[0]


def _trim(user: User) -> None:
    own = RecentSearch.objects.filter(user=user)
    if old := list(own.order_by("-searched_at", "-pk").values_list("pk", flat=True)[KEPT:]):
        own.filter(pk__in=old).delete()
