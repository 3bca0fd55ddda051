"""How the administration shows an encode."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.media.failures import reason
from apps.media.models import State, Video

GOING = (State.UPLOADED, State.PROCESSING)
COLOURS = {
    State.UPLOADED: "info",
    State.PROCESSING: "warning",
    State.READY: "success",
    State.FAILED: "danger",
}


def encoding(video: Video) -> SafeString:
    """State, progress and reason of failure; static/js/encoding.js renews it while it goes on."""
    return render_to_string(
        "admin/media/encoding.html",
        {
            "video": video,
            "going": video.state in GOING,
            "type": COLOURS[State(video.state)],
            "percent": round(100 * video.progress),
            "reason": reason(video.failure) if video.failure else "",
        },
    )
