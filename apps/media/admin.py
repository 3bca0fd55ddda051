from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from apps.media.failures import reason
from apps.media.models import Rendition, State, Subtitle, Video
from apps.media.services import retry
from utils.templatetags.formats import duration


class RenditionInline(TabularInline):
    model = Rendition
    fields = ["name", "cut", "kind", "resolution", "codecs", "rate", "bytes"]
    readonly_fields = fields
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rendition]:
        rows: QuerySet[Rendition] = super().get_queryset(request)
        return rows.defer("segments")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @display(description=_("resolution"))
    def resolution(self, row: Rendition) -> str:
        return f"{row.width} × {row.height}" if row.width else f"{row.channels} ch"

    @display(description=_("average bit rate"))
    def rate(self, row: Rendition) -> str:
        return f"{row.average_bandwidth / 1000:.0f} kbit/s"

    @display(description=_("size"))
    def bytes(self, row: Rendition) -> str:
        return filesizeformat(row.size)


class SubtitleInline(TabularInline):
    model = Subtitle
    fields = ["language", "label", "file"]
    readonly_fields = ["file"]
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Video)
class VideoAdmin(ModelAdmin):
    list_display = ["original_name", "state_label", "share", "length", "weight", "why", "created_at"]
    list_filter = ["state"]
    search_fields = ["original_name", "sha256"]
    inlines = [RenditionInline, SubtitleInline]
    actions = ["retry_encoding"]
    fields = [
        "original_name", "state_label", "share", "why", "failure_detail", "length", "picture_size", "frame_rate",
        "has_audio", "weight", "sha256", "preview_seconds", "attempts", "created_at", "started_at", "ready_at",
    ]  # fmt: skip
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @display(
        description=_("state"),
        label={
            State.UPLOADED.label: "info",
            State.PROCESSING.label: "warning",
            State.READY.label: "success",
            State.FAILED.label: "danger",
        },
    )
    def state_label(self, video: Video) -> str:
        return str(State(video.state).label)

    @display(description=_("progress"))
    def share(self, video: Video) -> str:
        return format_html('<progress max="1" value="{}"></progress> {} %', video.progress, round(100 * video.progress))

    @display(description=_("duration"))
    def length(self, video: Video) -> str:
        return duration(video.duration) if video.duration else "–"

    @display(description=_("picture"))
    def picture_size(self, video: Video) -> str:
        return f"{video.width} × {video.height}" if video.width else "–"

    @display(description=_("size"))
    def weight(self, video: Video) -> str:
        return filesizeformat(video.size)

    @display(description=_("reason of failure"))
    def why(self, video: Video) -> str:
        return reason(video.failure) if video.failure else ""

    @action(description=_("Encode again"))
    def retry_encoding(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        count = sum(retry(video_id=video.pk) for video in videos)
        self.message_user(request, gettext("%d put on the queue.") % count)
