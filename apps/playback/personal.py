"""What this app holds about a person (see PERSONAL_DATA)."""

from __future__ import annotations

from typing import Any

from apps.playback.models import Progress
from apps.users.models import User


def export(*, user: User) -> dict[str, Any]:
    """The watch history."""
    rows = Progress.objects.filter(user=user).select_related("episode__movie").order_by("-updated_at")
    return {
        "history": [
            {
                "title": row.episode.movie.title, "episode": row.episode.number, "position_seconds": row.position,
                "duration_seconds": row.duration, "finished": row.finished, "watched_at": row.updated_at,
            }
            for row in rows
        ]
    }  # fmt: skip


def erase(*, user: User) -> None:
    """Forget what was watched."""
    Progress.objects.filter(user=user).delete()
