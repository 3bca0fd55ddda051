"""How the administration shows encodes: one, the queue, and everything of a video."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, OrderBy
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from apps.media.failures import reason
from apps.media.models import GOING, State, Video
from apps.media.source_info import describe
from apps.media.stored_files import contents
from utils.templatetags.formats import span

TELLING = 0.03  # of an encode done: before, its pace says nothing
COLOURS = {
    State.UPLOADED: "info",
    State.PROCESSING: "warning",
    State.NO_ROOM: "warning",
    State.READY: "success",
    State.FAILED: "danger",
}
WITH_REASON = (State.FAILED, State.NO_ROOM)
# videos of a state, in the queue's panel
SHOWN = {State.PROCESSING: 20, State.NO_ROOM: 5, State.UPLOADED: 5, State.FAILED: 5}
ORDER: dict[
    str, str | OrderBy
] = {  # what waits, as it was queued; what failed, the newest first: some were stopped before they began
    State.PROCESSING: "started_at",
    State.NO_ROOM: "lease_until",
    State.UPLOADED: "lease_until",
    State.FAILED: Coalesce("started_at", "created_at").desc(),
}


def seconds_left(video: Video, at: datetime) -> float | None:
    """How long the encode will take at its pace so far; None where nothing can be said yet."""
    if video.state != State.PROCESSING or video.started_at is None or video.progress < TELLING:
        return None
    return (at - video.started_at).total_seconds() * (1 - video.progress) / video.progress


def _since(moment: datetime, at: datetime) -> str:
    """When something began: the time, and the day unless it was today."""
    began = timezone.localtime(moment)
    return date_format(began, "H:i" if began.date() == timezone.localtime(at).date() else "Y-m-d H:i")


def standing(video: Video, at: datetime) -> dict[str, Any]:
    """How a video's encode stands, for a template."""
    left = seconds_left(video, at)
    return {
        "video": video,
        "going": video.state in GOING,
        "type": COLOURS[State(video.state)],
        "percent": round(100 * video.progress),
        "left": span(left) if left else "",
        "since": _since(video.started_at, at) if video.started_at else "",
        "for": span((at - video.started_at).total_seconds()) if video.started_at else "",
        "silent": video.state == State.PROCESSING and video.lease_until is not None and video.lease_until < at,
        "reason": reason(video.failure) if video.failure and video.state in WITH_REASON else "",
    }


def encoding(video: Video) -> SafeString:
    """State, progress and reason of failure; static/js/encoding.js renews it while it goes on."""
    return render_to_string("admin/media/encoding.html", standing(video, timezone.now()))


def queue(request: HttpRequest, *, may_change: bool) -> SafeString:
    """The queue at a glance, with buttons where the viewer `may_change` it; static/js/encoding.js renews it."""
    at = timezone.now()
    counts = dict(Video.objects.order_by().values_list("state").annotate(n=Count("pk")))
    states = [state for state in (*GOING, State.FAILED, State.READY) if state != State.NO_ROOM or counts.get(state)]
    tiles = [(state, COLOURS[state], counts.get(state, 0)) for state in states]
    rows = {
        str(state): [
            standing(video, at)
            for video in Video.objects.filter(state=state)
            .defer("source_info", "chapters")
            .order_by(ORDER[state])[:most]
        ]
        if counts.get(state)
        else []
        for state, most in SHOWN.items()
    }
    more = {str(state): max(0, counts.get(state, 0) - most) for state, most in SHOWN.items()}
    context = {"tiles": tiles, "rows": rows, "busy": any(rows.values()), "more": more, "may_change": may_change}
    return render_to_string("admin/media/queue.html", context, request=request)


def media_page(video: Video) -> dict[str, Any]:
    """What the page of one video tells: how its encode stands, its source, what is stored of it."""
    return {
        "standing": standing(video, timezone.now()),
        "progressive": video.renditions.filter(progressive=True).exists(),
        "facts": describe(video),
        "contents": contents(video),
    }
