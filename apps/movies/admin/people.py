"""Administration of people."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.movies import services
from apps.movies.forms import PersonForm
from apps.movies.models import Person
from utils.admin import PublicModelAdmin
from utils.pictures import url
from utils.tasks import enqueue


@admin.register(Person)
class PersonAdmin(PublicModelAdmin):
    """People who were merged into another aren't listed: what they had is with the other."""

    form = PersonForm
    list_display = ["face", "name", "original_name", "born", "birthplace"]
    list_display_links = ["face", "name"]
    search_fields = ["name", "original_name", "aliases"]
    fieldsets = [
        (None, {"fields": [("name", "original_name"), "aliases", "portrait", "about"]}),
        (_("Dates and places"), {"fields": [("born", "died"), "birthplace"]}),
        (_("Merge"), {"fields": ["same_as"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        rows: QuerySet[Person] = super().get_queryset(request)
        return rows.filter(merged_into=None)

    @display(description=_("portrait"))
    def face(self, person: Person) -> str:
        if not person.portrait_set:
            return "–"
        address = url(person.portrait_set, person.portrait_set["widths"][0], "jpg")
        return format_html('<img src="{}" alt="" width="36" height="48" loading="lazy">', address)

    def view_on_site(self, person: Person) -> str | None:
        """The person's page, which opens with a listed title."""
        return person.get_absolute_url() if person.credits.exists() else None

    def save_model(self, request: HttpRequest, person: Person, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, person, form, change)
        if "portrait" in form.changed_data:
            enqueue("catalogue.make_portrait", person_id=person.pk)
        if change and {"name", "original_name", "aliases"} & set(form.changed_data):
            services.announce_renamed(relation="person", key=person.pk)

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if other := form.cleaned_data.get("same_as"):
            services.merge_people(person=form.instance, into=other)

    def response_change(self, request: HttpRequest, obj: Person) -> HttpResponse:
        obj.refresh_from_db()
        if obj.merged_into is None:
            return super().response_change(request, obj)
        text = gettext("“%(one)s” was merged into “%(other)s”. Its page redirects there.")
        self.message_user(request, text % {"one": obj, "other": obj.merged_into}, messages.SUCCESS)
        return redirect(reverse("admin:movies_person_change", args=[obj.merged_into_id]))
