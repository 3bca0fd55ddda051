"""Forms of the catalogue: titles, episodes, schedules, people, genres."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
)

from apps.movies import services
from apps.movies.models import Credit, Episode, Genre, Kind, Movie, Person, Schedule
from utils import pictures
from utils.admin_forms import AdminModelForm, SafeAutocomplete

TITLE_LENGTH = 120


class PicturesForm(AdminModelForm):
    """Rejects images that can't be resized."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            picture = getattr(values.get(name), "image", None) if isinstance(field, forms.ImageField) else None
            if picture and not pictures.is_taken(picture):
                self.add_error(name, gettext("Choose a JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP image."))
            elif picture and picture.width * picture.height > pictures.LARGEST:
                most = pictures.LARGEST // 1_000_000
                self.add_error(name, gettext("The image is too large (max. %d megapixels).") % most)
        return values


class PersonForm(PicturesForm):
    """A person; `same_as` is another into whom this one is merged."""

    same_as = forms.ModelChoiceField(
        label=_("Same person as"),
        queryset=Person.objects.current(),
        required=False,
        widget=SafeAutocomplete(Credit._meta.get_field("person"), admin.site),
        help_text=_("When you save, credits and names move to that person, and this page redirects there."),
    )

    class Meta:
        model = Person
        fields = "__all__"
        widgets = {
            name: UnfoldAdminTextareaWidget(attrs={"rows": rows}) for name, rows in {"aliases": 2, "about": 6}.items()
        }

    def clean_same_as(self) -> Person | None:
        other: Person | None = self.cleaned_data["same_as"]
        if other and other.pk == self.instance.pk:
            raise forms.ValidationError(gettext("Choose another person."))
        if other and self.instance.pk is None:
            raise forms.ValidationError(gettext("Save this person first."))
        return other


class MovieForm(PicturesForm):
    """A title; its rich text is sanitised."""

    class Meta:
        model = Movie
        fields = "__all__"
        widgets = {
            name: UnfoldAdminTextareaWidget(attrs={"rows": rows})
            for name, rows in {"summary": 4, "aliases": 2, "content": 8}.items()
        }

    def clean_content(self) -> str:
        return services.clean_content(self.cleaned_data["content"])


class GenreForm(AdminModelForm):
    """A genre with the text of its page."""

    class Meta:
        model = Genre
        fields = "__all__"
        widgets = {name: UnfoldAdminTextareaWidget(attrs={"rows": 4}) for name in ("about", "about_en")}


class ScheduleForm(AdminModelForm):
    """A schedule; its weekdays are boxes to tick."""

    days = forms.TypedMultipleChoiceField(
        label=_("weekdays"),
        coerce=int,
        choices=lambda: WEEKDAYS.items(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Schedule
        fields = [
            "movie", "time", "episodes_each", "starts_on", "paused_from", "paused_until", "note", "finished",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["days"] = self.instance.days

    def clean_movie(self) -> Movie:
        movie: Movie = self.cleaned_data["movie"]
        if movie.kind == Kind.FILM:
            raise forms.ValidationError(gettext("Films have no upcoming episodes. Choose a series, show or course."))
        return movie

    def clean_days(self) -> list[int]:
        days: list[int] = self.cleaned_data["days"]
        self.instance.weekdays = sum(1 << day for day in set(days))
        return days


class EpisodeForm(AdminModelForm):
    """An episode, with a file that is encoded when the form is saved."""

    upload = forms.FileField(
        label=_("Video file"),
        required=False,
        help_text=_("Any format. Encoding starts when you save."),
        widget=UnfoldAdminFileFieldWidget,
    )

    class Meta:
        model = Episode
        fields = ["number", "title", "intro_start", "intro_end", "outro_start"]

    def has_changed(self) -> bool:
        return bool(super().has_changed() or self.files.get(self.add_prefix("upload")))
