from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from apps.media.models import Rendition, Subtitle, Video
from apps.media.presenters import encoding
from apps.media.services import cancel, retry
from apps.media.words import upload_page
from utils.templatetags.formats import duration

DIGITS = re.compile(r"\d{1,18}", re.ASCII)
MOST_SHOWN = 200  # of a list's page


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
    list_display = ["original_name", "encode", "length", "weight", "created_at"]
    list_filter = ["state"]
    search_fields = ["original_name", "sha256"]
    inlines = [RenditionInline, SubtitleInline]
    actions = ["retry_encoding", "cancel_encoding"]
    fields = [
        "original_name", "encode", "failure_detail", "length", "picture_size", "frame_rate",
        "has_audio", "weight", "sha256", "preview_seconds", "attempts", "created_at", "started_at", "ready_at",
    ]  # fmt: skip
    readonly_fields = fields

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Videos come in by upload: the page of static/js/upload."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Upload videos"),
            "uploader": upload_page(),
        }
        return TemplateResponse(request, "admin/media/video/upload.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @display(description=_("state"))
    def encode(self, video: Video) -> str:
        return encoding(video)

    @display(description=_("duration"))
    def length(self, video: Video) -> str:
        return duration(video.duration) if video.duration else "–"

    @display(description=_("picture"))
    def picture_size(self, video: Video) -> str:
        return f"{video.width} × {video.height}" if video.width else "–"

    @display(description=_("size"))
    def weight(self, video: Video) -> str:
        return filesizeformat(video.size)

    @action(description=_("Encode again"))
    def retry_encoding(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        count = sum(retry(video_id=video.pk) for video in videos)
        self.message_user(request, gettext("%d put on the queue.") % count)

    @action(description=_("Stop encoding"))
    def cancel_encoding(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        count = sum(cancel(video_id=video.pk) for video in videos)
        self.message_user(request, gettext("%d stopped.") % count)

    def get_urls(self) -> list[URLPattern]:
        encodes = path("encoding/", self.admin_site.admin_view(self.encoding_now), name="media_video_encoding")
        return [encodes, *super().get_urls()]

    def encoding_now(self, request: HttpRequest) -> JsonResponse:
        """How the encodes of videos (`ids`, with commas) stand: JSON, by id the HTML that shows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        ids = [int(word) for word in request.GET.get("ids", "").split(",")[:MOST_SHOWN] if DIGITS.fullmatch(word)]
        return JsonResponse({video.pk: encoding(video) for video in Video.objects.filter(pk__in=ids)})
