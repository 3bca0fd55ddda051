"""Personal data held by this app (see PERSONAL_DATA)."""

from __future__ import annotations

from typing import Any

from apps.search import services
from apps.search.models import RecentSearch
from apps.users.models import User


def export(*, user: User) -> dict[str, Any]:
    """The recent searches."""
    rows = RecentSearch.objects.filter(user=user).order_by("-searched_at")
    return {"searches": list(rows.values("text", "searched_at"))}


def erase(*, user: User) -> None:
    """Delete the recent searches."""
    services.recent.clear(user=user)
