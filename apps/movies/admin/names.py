"""Administration of categories, genres and other labels, and banners."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.movies import services
from apps.movies.forms import GenreForm, PicturesForm
from apps.movies.models import Banner, Category, Genre, Language, Movie, Region, Tag
from utils.admin import PublicModelAdmin
from utils.tasks import enqueue


class NamedAdmin(PublicModelAdmin):
    list_display = ["name", "name_en"]
    search_fields = ["name", "name_en"]
    kept_by_titles = {"name"}  # fields that are part of what search or cards keep of a title

    def save_model(self, request: HttpRequest, named: Model, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, named, form, change)
        if change and self.kept_by_titles & set(form.changed_data):
            self._renamed(named)

    def _renamed(self, named: Model) -> None:
        services.announce_renamed(relation=str(named._meta.model_name), key=named.pk)


@admin.register(Category, Region)
class PlaceAdmin(NamedAdmin):
    """A title has one of each, so none with titles can be deleted."""


class LabelAdmin(NamedAdmin):
    """Titles have any number of them; deleting one takes it off its titles."""

    titles: str  # the field of Movie

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        movies = self._movies(obj.pk)
        super().delete_model(request, obj)
        self._taken_off(movies)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        movies = self._movies(*queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        self._taken_off(movies)

    def _movies(self, *labels: int) -> list[int]:
        return list(Movie.objects.filter(**{f"{self.titles}__in": labels}).distinct().values_list("pk", flat=True))

    def _taken_off(self, movies: list[int]) -> None:
        services.announce(movie_ids=movies)


@admin.register(Language)
class LanguageAdmin(LabelAdmin):
    titles = "languages"


@admin.register(Tag)
class TagAdmin(LabelAdmin):
    titles = "tags"


@admin.register(Genre)
class GenreAdmin(LabelAdmin):
    """Titles store their genre names for cards; changes here update them."""

    titles = "genres"
    form = GenreForm
    fields = ["name", "name_en", "slug", "about", "about_en"]
    list_display = ["name", "name_en", "slug"]
    prepopulated_fields = {"slug": ["name_en"]}
    kept_by_titles = {"name", "name_en"}

    def _renamed(self, named: Model) -> None:
        services.refresh_genre_lines(movie_ids=self._movies(named.pk))

    def _taken_off(self, movies: list[int]) -> None:
        services.refresh_genre_lines(movie_ids=movies)


@admin.register(Banner)
class BannerAdmin(PublicModelAdmin):
    form = PicturesForm
    list_display = ["movie", "title", "order", "shown_now", "starts_at", "ends_at"]
    list_select_related = ["movie"]
    list_editable = ["order"]
    autocomplete_fields = ["movie"]
    search_fields = ["movie__title", "title"]

    @display(description=_("shown now"), boolean=True)
    def shown_now(self, banner: Banner) -> bool:
        now = timezone.now()
        return banner.starts_at <= now and (banner.ends_at is None or banner.ends_at > now)

    def save_model(self, request: HttpRequest, banner: Banner, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, banner, form, change)
        if "picture" in form.changed_data:
            enqueue("catalogue.make_pictures", movie_id=banner.movie_id)
