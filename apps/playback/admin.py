"""Administration of active streams."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from apps.playback.models import Stream
from apps.playback.presenters import device_label
from utils.admin import ReadOnlyAdmin


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    list_display = ["user", "title", "device", "began_at", "seen_at", "holds"]
    list_select_related = ["user", "episode__movie"]
    ordering = ["-seen_at", "-pk"]
    search_fields = ["user__username", "user__nickname", "user__email", "user__phone"]
    fields = ["user", "title", "device", "began_at", "seen_at", "stopped_at"]
    readonly_fields = fields
    actions = ["stop"]

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("playback.change_stream")

    @display(description=_("episode"))
    def title(self, stream: Stream) -> str:
        return str(stream.episode)

    @display(description=_("device"))
    def device(self, stream: Stream) -> str:
        return device_label(stream.user_agent)

    @display(description=_("playing"), boolean=True)
    def holds(self, stream: Stream) -> bool:
        return stream.holds(timezone.now())

    @action(description=_("Stop playback"), permissions=["stop"])
    def stop(self, request: HttpRequest, streams: QuerySet[Stream]) -> Any:
        stopped = streams.filter(stopped_at=None).update(stopped_at=timezone.now())
        messages.success(
            request,
            ngettext("Playback was stopped on %d device.", "Playback was stopped on %d devices.", stopped) % stopped,
        )
