"""Personal data held by this app (see PERSONAL_DATA)."""

from __future__ import annotations

from typing import Any

from apps.playback.models import Progress, Stream, Watch, viewer_key
from apps.users.models import User


def export(*, user: User) -> dict[str, Any]:
    """The watch history, active streams and recent views."""
    rows = Progress.objects.filter(user=user).select_related("episode__movie").order_by("-updated_at")
    return {
        "history": [
            {
                "title": row.episode.movie.title, "episode": row.episode.number, "position_seconds": row.position,
                "duration_seconds": row.duration, "finished": row.finished, "watched_at": row.updated_at,
            }
            for row in rows
        ],
        "views": list(  # recent views, kept to count each once
            Watch.objects.filter(viewer=viewer_key(user)).values("episode", "tab", "seen_at", "counted_at")
        ),
        "players": list(Stream.objects.filter(user=user).values("user_agent", "began_at", "seen_at", "stopped_at")),
    }  # fmt: skip


def erase(*, user: User) -> None:
    """Delete the watch history and end active streams."""
    Progress.objects.filter(user=user).delete()
    Stream.objects.filter(user=user).delete()
    Watch.objects.filter(viewer=viewer_key(user)).delete()
