"""How the administration shows encodes: one, the queue, and everything of a video."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OrderBy
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from apps.media.failures import reason
from apps.media.models import ACTIVE, State, Video
from apps.media.source_info import Facts, describe
from apps.media.stored_files import StoredFiles, stored_files
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


@dataclass(frozen=True)
class EncodingStatus:
    """A video's encode as templates show it: texts are in the active language, "" where there is nothing to say."""

    video: Video
    active: bool  # queued, encoding or waiting for disk space
    type: str  # of the label: "info", "warning", "success" or "danger"
    percent: int
    left: str  # time until it is done
    since: str  # when it began
    elapsed: str  # time since then
    silent: bool  # its worker hasn't renewed its lease in time
    reason: str  # of the failure or the wait


@dataclass(frozen=True)
class VideoPage:
    """The administration's page of one video."""

    status: EncodingStatus
    progressive: bool  # what is encoded so far can be watched
    facts: Facts
    stored: StoredFiles


def encoding_status(video: Video, at: datetime) -> EncodingStatus:
    """How a video's encode is doing."""
    left = seconds_left(video, at)
    return EncodingStatus(
        video=video,
        active=video.state in ACTIVE,
        type=COLOURS[State(video.state)],
        percent=round(100 * video.progress),
        left=span(left) if left else "",
        since=_since(video.started_at, at) if video.started_at else "",
        elapsed=span((at - video.started_at).total_seconds()) if video.started_at else "",
        silent=video.state == State.PROCESSING and video.lease_until is not None and video.lease_until < at,
        reason=reason(video.failure) if video.failure and video.state in WITH_REASON else "",
    )


def encoding(video: Video, *, at: datetime) -> SafeString:
    """HTML of the state, progress and failure reason; static/js/encoding.js refreshes it while the encode is active."""
    return render_to_string("admin/media/encoding.html", {"status": encoding_status(video, at)})


def queue(request: HttpRequest, *, may_change: bool, at: datetime) -> SafeString:
    """HTML of the queue, with buttons if the viewer `may_change` it; static/js/encoding.js refreshes it."""
    counts = dict(Video.objects.order_by().values_list("state").annotate(n=Count("pk")))
    states = [state for state in (*ACTIVE, State.FAILED, State.READY) if state != State.NO_ROOM or counts.get(state)]
    tiles = [(state, COLOURS[state], counts.get(state, 0)) for state in states]
    rows = {str(state): _listed(state, most, at) if counts.get(state) else [] for state, most in SHOWN.items()}
    more = {str(state): max(0, counts.get(state, 0) - most) for state, most in SHOWN.items()}
    context = {"tiles": tiles, "rows": rows, "busy": any(rows.values()), "more": more, "may_change": may_change}
    return render_to_string("admin/media/queue.html", context, request=request)


def _listed(state: State, most: int, at: datetime) -> list[EncodingStatus]:
    videos = Video.objects.filter(state=state).defer("source_info", "chapters").order_by(ORDER[state])
    return [encoding_status(video, at) for video in videos[:most]]


def video_page(video: Video, *, at: datetime) -> VideoPage:
    """What the page of one video shows: its encode, its source, and what is stored of it."""
    return VideoPage(
        status=encoding_status(video, at),
        progressive=video.renditions.filter(progressive=True).exists(),
        facts=describe(video),
        stored=stored_files(video),
    )
