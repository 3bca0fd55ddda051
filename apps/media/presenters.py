"""How the administration shows an encode."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.media.failures import reason
from apps.media.models import State, Video
from utils.templatetags.formats import duration

TELLING = 0.03  # of an encode done: before, its pace says nothing
GOING = (State.UPLOADED, State.PROCESSING)
COLOURS = {
    State.UPLOADED: "info",
    State.PROCESSING: "warning",
    State.READY: "success",
    State.FAILED: "danger",
}


def seconds_left(video: Video, at: datetime) -> float | None:
    """How long the encode will take at its pace so far; None where nothing can be said yet."""
    if video.state != State.PROCESSING or video.started_at is None or video.progress < TELLING:
        return None
    return (at - video.started_at).total_seconds() * (1 - video.progress) / video.progress


def encoding(video: Video) -> SafeString:
    """State, progress and reason of failure; static/js/encoding.js renews it while it goes on."""
    return render_to_string(
        "admin/media/encoding.html",
        {
            "video": video,
            "going": video.state in GOING,
            "type": COLOURS[State(video.state)],
            "percent": round(100 * video.progress),
            "left": duration(left) if (left := seconds_left(video, timezone.now())) else "",
            "reason": reason(video.failure) if video.failure else "",
        },
    )
