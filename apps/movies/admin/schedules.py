"""Administration of release schedules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.movies import services
from apps.movies.forms import ScheduleForm
from apps.movies.models import Schedule
from utils.admin import PublicModelAdmin


@admin.register(Schedule)
class ScheduleAdmin(PublicModelAdmin):
    """When episodes of a title come out; the calendar shows it."""

    form = ScheduleForm
    list_display = ["movie", "shown_days", "time", "episodes_each", "starts_on", "paused_from", "finished"]
    list_display_links = ["movie"]
    list_filter = ["finished"]
    list_select_related = ["movie"]
    autocomplete_fields = ["movie"]
    search_fields = ["movie__title", "movie__aliases"]
    fieldsets = [
        (None, {"fields": ["movie", "days", ("time", "episodes_each"), "starts_on"]}),
        (_("Break"), {"fields": [("paused_from", "paused_until"), "note"]}),
        (_("End"), {"fields": ["finished"]}),
    ]

    @display(description=_("weekdays"))
    def shown_days(self, schedule: Schedule) -> str:
        return " ".join(str(WEEKDAYS_ABBR[day]) for day in schedule.days)

    def view_on_site(self, schedule: Schedule) -> None:
        """The calendar has no page of one title."""

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for movie_id in {form.instance.movie_id, form.initial.get("movie")} - {None}:
            services.refresh_schedule(movie_id=movie_id)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        movie_id = Schedule.objects.values_list("movie_id", flat=True).get(pk=obj.pk)
        super().delete_model(request, obj)
        services.refresh_schedule(movie_id=movie_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        movie_ids = list(queryset.values_list("movie_id", flat=True))
        super().delete_queryset(request, queryset)
        for movie_id in movie_ids:
            services.refresh_schedule(movie_id=movie_id)
