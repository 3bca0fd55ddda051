"""Adding uploads to the catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.media.models import Upload
from apps.movies import services
from apps.movies.models import HIGHEST, Episode, Kind, Movie
from utils.plain_text import clean_line

TITLE_LENGTH = 120


class AddUploadsForm(forms.Form):
    """What to create from uploads: their ids in order as `upload`, titles as `title-<id>`, numbers as `number-<id>`."""

    class Way(models.TextChoices):
        """What to create from the files."""

        FILMS = "films", _("A new draft film for each file")
        EPISODES = "episodes", _("Episodes of an existing title")
        SERIES = "series", _("Episodes of a new title")

    way = forms.ChoiceField(label=_("Add the files as"), choices=Way, widget=UnfoldAdminRadioSelectWidget())
    movie = forms.ModelChoiceField(
        label=pgettext_lazy("catalogue", "title"),
        queryset=Movie.objects.live(),
        required=False,
        widget=AutocompleteSelect(Episode._meta.get_field("movie"), admin.site),
    )
    first = forms.IntegerField(
        label=_("Start at episode"),
        help_text=_("Leave empty to continue after the last one."),
        min_value=1,
        max_value=HIGHEST,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    replace = forms.BooleanField(
        label=_("Replace the episodes' existing files"), required=False, widget=UnfoldBooleanWidget()
    )
    title = forms.CharField(
        label=_("title"), max_length=TITLE_LENGTH, required=False, widget=UnfoldAdminTextInputWidget()
    )
    kind = forms.ChoiceField(
        label=_("type"),
        choices=[choice for choice in Kind.choices if choice[0] != Kind.FILM],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, owner_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner_id = owner_id

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        way = values.get("way")
        asked = not self.data.get("preview")  # a preview creates nothing
        if asked and way == self.Way.EPISODES and not values.get("movie") and "movie" not in self.errors:
            self.add_error("movie", gettext("Choose a title."))
        if asked and way == self.Way.SERIES and not values.get("title") and "title" not in self.errors:
            self.add_error("title", gettext("Enter a title."))
        values["uploads"] = self._uploads()
        return values

    def _uploads(self) -> list[services.NamedUpload]:
        try:
            wanted = [UUID(value) for value in dict.fromkeys(cast(QueryDict, self.data).getlist("upload"))]
        except ValueError as error:
            raise forms.ValidationError(gettext("One of the files wasn't recognized.")) from error
        rows = Upload.objects.of(self.owner_id or 0).in_bulk(wanted)
        if not wanted:
            raise forms.ValidationError(gettext("Choose at least one file."))
        if len(rows) < len(wanted):
            raise forms.ValidationError(gettext("One of the files has already been added."))
        return [services.NamedUpload(rows[pk], self._title(rows[pk]), self._number(rows[pk])) for pk in wanted]

    def _number(self, upload: Upload) -> int | None:
        given = self.data.get(f"number-{upload.pk}", "").strip()
        if not given:
            return None
        if not (given.isascii() and given.isdigit() and len(given) <= 4 and int(given)):
            raise forms.ValidationError(
                gettext("“%s” isn't a valid episode number. Enter a number from 1 to 9999.") % given[:20]
            )
        return int(given)

    def _title(self, upload: Upload) -> str:
        given = clean_line(self.data.get(f"title-{upload.pk}", ""))
        # file names may come from any system: keep visible characters only
        shown = given or clean_line(PurePath(upload.filename).stem)
        return shown[:TITLE_LENGTH] or gettext("Untitled")

    def preview(self) -> dict[str, Any]:
        """The episodes that `save` would create, in order, with warnings."""
        values, uploads = self.cleaned_data, self.cleaned_data["uploads"]
        movie = values.get("movie") if values["way"] == self.Way.EPISODES else None
        there = {} if movie is None else dict(movie.episodes.values_list("number", "video"))
        names = [named.upload.filename for named in uploads]
        places = services.assign_numbers(names=names, first=values.get("first"), taken=there)
        typed = bool(uploads) and all(named.number for named in uploads)
        if typed:
            places = [replace(p, number=uploads[p.index].number) for p in places]
            places.sort(key=lambda p: p.number)
        numbers = [place.number for place in places]
        twice = services.repeated(numbers)
        rows = []
        for place in places:
            notes = []
            if place.number in twice:
                notes.append(gettext("Episode number %d is assigned to two files.") % place.number)
            if there.get(place.number):
                notes.append(gettext("Episode %d already has a file.") % place.number)
            if place.reading.is_special:
                notes.append(gettext("Special"))
            elif place.reading.number is None:
                notes.append(gettext("No episode number in the file name."))
            elif not (typed or values.get("first")) and place.reading.number != place.number:
                notes.append(gettext("The file name says %d.") % place.reading.number)
            elif not typed and not place.reading.sure:
                notes.append(gettext("Uncertain number. Please check."))
            rows.append(
                {
                    "upload": str(uploads[place.index].upload.pk),
                    "number": place.number,
                    "season": "" if place.reading.is_special else gettext("Season %d") % place.reading.season,
                    "notes": notes,
                    "clash": place.number in twice or (bool(there.get(place.number)) and not values["replace"]),
                }
            )
        missing = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in services.gaps([*numbers, *there]))
        seasons = {place.reading.season for place in places if not place.reading.is_special}
        notes = [gettext("No file for episode %s.") % missing] if missing else []
        if len(seasons) > 1:
            notes.append(
                gettext(
                    "The files span several seasons and will be numbered continuously. "
                    "We recommend one title per season."
                )
            )
        return {"places": rows, "notes": notes}

    def save(self) -> list[Episode]:
        """Create the titles and episodes. Raises UnableToAddUploads."""
        values = self.cleaned_data
        uploads = values["uploads"]
        match values["way"]:
            case self.Way.EPISODES:
                return services.add_episodes(
                    uploads=uploads, movie=values["movie"], first=values["first"], replace=values["replace"]
                )
            case self.Way.SERIES:
                return services.add_series(uploads=uploads, title=values["title"], kind=values["kind"] or Kind.SERIES)
        return services.add_films(uploads=uploads)


def uploaded_path(file: object) -> str:
    """The upload's path on disk (the settings make Django write every upload to a file)."""
    if not isinstance(file, TemporaryUploadedFile):
        raise TypeError("FILE_UPLOAD_HANDLERS must write uploads to files")
    return file.temporary_file_path()
