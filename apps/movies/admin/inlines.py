"""Inline editors of titles and episodes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.media import services as media
from apps.media.presenters import encoding
from apps.movies import services
from apps.movies.forms import EpisodeForm, uploaded_path
from apps.movies.models import Chapter, Credit, Episode, Material
from utils.admin import PagedStackedInline, PagedTabularInline


def attach_later(request: HttpRequest, episode: Episode, file: UploadedFile[Any]) -> None:
    """Attach the file after the commit: storing a long file in the transaction would block other writers."""
    transaction.on_commit(partial(_attach, request, episode, file))


def _attach(request: HttpRequest, episode: Episode, file: UploadedFile[Any]) -> None:
    try:
        services.attach_video(episode=episode, path=Path(uploaded_path(file)), original_name=file.name or "")
    except media.UnableToAddVideo as error:
        messages.error(request, gettext("The file couldn't be saved: %s") % error)


class EpisodeInline(PagedStackedInline):
    model = Episode
    form = EpisodeForm
    fields = [("number", "title"), ("upload", "video_state"), ("intro_start", "intro_end", "outro_start")]
    readonly_fields = ["video_state"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Episode]:
        return super().get_queryset(request).select_related("video")

    @display(description=_("video"))
    def video_state(self, episode: Episode) -> str:
        video = episode.video
        if video is None:
            return gettext("no file yet")
        address = reverse("admin:media_video_change", args=[video.pk])
        return format_html('<a href="{}">{}</a> {}', address, video.original_name, encoding(video, at=timezone.now()))


class CreditInline(PagedTabularInline):
    model = Credit
    fields = ["person", "role", "character", "order"]
    autocomplete_fields = ["person"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credit]:
        return super().get_queryset(request).select_related("person")


class MaterialInline(PagedTabularInline):
    model = Material


class ChapterInline(PagedTabularInline):
    model = Chapter
    tab = False
