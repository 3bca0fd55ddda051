"""Administration of a single episode."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from apps.movies import services
from apps.movies.admin.inlines import ChapterInline, attach_later
from apps.movies.forms import EpisodeForm
from apps.movies.models import Episode
from utils.admin import PublicModelAdmin


@admin.register(Episode)
class EpisodeAdmin(PublicModelAdmin):
    form = EpisodeForm
    fields = [("movie", "number"), "title", ("upload", "video"), ("intro_start", "intro_end", "outro_start")]
    list_display = ["movie", "number", "title", "video"]
    search_fields = ["movie__title", "title"]
    autocomplete_fields = ["movie"]
    readonly_fields = ["video"]
    inlines = [ChapterInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Episode]:
        rows: QuerySet[Episode] = super().get_queryset(request)
        return rows.select_related("movie", "video").defer("movie__content", "movie__summary", "video__failure_detail")

    def view_on_site(self, episode: Episode) -> str | None:
        """The episode's page, unless its title is deleted."""
        return episode.get_absolute_url() if episode.movie.deleted_at is None else None

    def save_model(self, request: HttpRequest, episode: Episode, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, episode, form, change)
        if file := form.cleaned_data.get("upload"):
            attach_later(request, episode, file)

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        # An episode moved to another title affects both.
        for movie_id in {form.instance.movie_id, form.initial.get("movie")} - {None}:
            services.refresh_movie(movie_id=movie_id)

    def delete_model(self, request: HttpRequest, episode: Any) -> None:
        super().delete_model(request, episode)
        services.refresh_movie(movie_id=episode.movie_id)

    def delete_queryset(self, request: HttpRequest, episodes: QuerySet[Any]) -> None:
        movie_ids = set(episodes.values_list("movie_id", flat=True))
        super().delete_queryset(request, episodes)
        for movie_id in movie_ids:
            services.refresh_movie(movie_id=movie_id)
