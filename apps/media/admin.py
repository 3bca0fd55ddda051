from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.media import services
from apps.media.models import Subtitle, Video
from apps.media.presenters import encoding, queue, video_page
from apps.media.ui_strings import upload_page
from utils.admin import FormAdmin, PagedTabularInline
from utils.numbers import row_id
from utils.templatetags.formats import duration, span

MOST_SHOWN = 200  # of a list's page


class SubtitleInline(PagedTabularInline):
    model = Subtitle
    fields = ["language", "label", "is_default", "is_forced", "file"]
    readonly_fields = ["file"]
    tab = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Video)
class VideoAdmin(FormAdmin):
    list_display = ["original_name", "encode", "length", "weight", "created_at"]
    list_filter = ["state"]
    search_fields = ["original_name", "sha256"]
    list_before_template = "admin/media/queue_panel.html"
    change_form_outer_before_template = "admin/media/video/page.html"
    actions = ["retry_encoding", "cancel_encoding"]
    list_per_page = 50
    fields = ["original_name", "sha256", "preview_length", "created_at", "started_at", "ready_at"]
    readonly_fields = fields

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, object] | None = None
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
        return encoding(video, at=timezone.now())

    @display(description=_("duration"))
    def length(self, video: Video) -> str:
        return duration(video.duration) if video.duration else "–"

    @display(description=_("size"))
    def weight(self, video: Video) -> str:
        return filesizeformat(video.size)

    @display(description=_("preview length"))
    def preview_length(self, video: Video) -> str:
        return span(video.preview_seconds) if video.preview_seconds else gettext("none")

    @action(description=_("Encode again"), permissions=["change"])
    def retry_encoding(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        count = sum(services.retry(video_id=video.pk, at=timezone.now()) for video in videos)
        self.message_user(request, gettext("%d queued.") % count)

    @action(description=_("Stop encoding"), permissions=["change"])
    def cancel_encoding(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        count = sum(services.cancel(video_id=video.pk, at=timezone.now()) for video in videos)
        self.message_user(request, gettext("%d stopped.") % count)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("encoding/", view(self.encoding_now), name="media_video_encoding"),
            path("<int:video_id>/again/", view(self.encode_again), name="media_video_again"),
            path("<int:video_id>/stop/", view(self.stop_encoding), name="media_video_stop"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        panel = {"queue": self._queue(request)} if self.has_view_permission(request) else {}
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **panel})
        return page

    def render_change_form(
        self, request: HttpRequest, context: dict[str, object], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        changeable = bool(context["inline_admin_formsets"])
        context |= {
            "video_page": video_page(cast("Video", context["original"]), at=timezone.now()),
            "may_change": self.has_change_permission(request),
            "show_save_and_add_another": False,  # what is added is uploaded
            "show_save": changeable,
            "show_save_and_continue": changeable,
        }
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def get_inlines(self, request: HttpRequest, video: Video | None) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [SubtitleInline] if video and video.subtitles.exists() else []

    def encoding_now(self, request: HttpRequest) -> JsonResponse:
        """How encodes stand: JSON, by each of `ids` (of videos, or "queue"; with commas) the HTML that shows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        words = request.GET.get("ids", "").split(",")[:MOST_SHOWN]
        videos = Video.objects.filter(pk__in=[pk for word in words if (pk := row_id(word))])
        at = timezone.now()
        shown: dict[int | str, str] = {video.pk: encoding(video, at=at) for video in videos}
        if "queue" in words:
            shown["queue"] = self._queue(request)
        return JsonResponse(shown)

    def encode_again(self, request: HttpRequest, video_id: int) -> HttpResponse:
        """Put a video on the queue once more, from a button."""
        done, busy = gettext("“%s” was queued."), gettext("“%s” is already queued or encoding.")
        return self._press(request, video_id, services.retry, done, busy)

    def stop_encoding(self, request: HttpRequest, video_id: int) -> HttpResponse:
        """Stop a video's encode, from a button."""
        done, over = (
            gettext("Encoding of “%s” was stopped."),
            gettext("“%s” isn't being encoded, so there is nothing to stop."),
        )
        return self._press(request, video_id, services.cancel, done, over)

    def _press(
        self, request: HttpRequest, video_id: int, act: Callable[..., bool], done: str, late: str
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        video = get_object_or_404(Video, pk=video_id)
        if act(video_id=video.pk, at=timezone.now()):
            self.message_user(request, done % video, messages.SUCCESS)
            self.log_change(request, video, done % video)
        else:
            self.message_user(request, late % video, messages.WARNING)
        if "page" in request.POST:
            return redirect("admin:media_video_change", video.pk)
        return redirect("admin:media_video_changelist")

    def _queue(self, request: HttpRequest) -> str:
        return queue(request, may_change=self.has_change_permission(request), at=timezone.now())
