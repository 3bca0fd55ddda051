"""Administration of categories, genres, regions, people and banners."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.movies import services
from apps.movies.forms import PicturesForm
from apps.movies.models import Banner, Category, Genre, Movie, Person, Region
from utils.admin import PublicModelAdmin
from utils.tasks import enqueue


@admin.register(Category, Region)
class NamedAdmin(PublicModelAdmin):
    list_display = ["name", "name_en"]
    search_fields = ["name", "name_en"]


@admin.register(Genre)
class GenreAdmin(NamedAdmin):
    """Titles store their genre names for cards; changes here update them."""

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        services.refresh_genre_lines(movie_ids=self._movies(form.instance.pk))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        movies = self._movies(obj.pk)
        super().delete_model(request, obj)
        services.refresh_genre_lines(movie_ids=movies)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        movies = self._movies(*queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        services.refresh_genre_lines(movie_ids=movies)

    def _movies(self, *genres: int) -> list[int]:
        return list(Movie.objects.filter(genres__in=genres).distinct().values_list("pk", flat=True))


@admin.register(Person)
class PersonAdmin(PublicModelAdmin):
    form = PicturesForm
    list_display = ["name", "original_name"]
    search_fields = ["name", "original_name"]


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
