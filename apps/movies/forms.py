from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.movies.models import Episode, Movie
from apps.movies.services import clean_content


class MovieForm(forms.ModelForm):
    class Meta:
        model = Movie
        fields = "__all__"

    def clean_content(self) -> str:
        return clean_content(self.cleaned_data["content"])


class EpisodeForm(forms.ModelForm):
    """An episode with the file to encode; the file becomes a video when the form is saved."""

    upload = forms.FileField(
        label=_("Video file"),
        required=False,
        help_text=_("Any format. Encoding starts on saving."),
        widget=UnfoldAdminFileFieldWidget,
    )

    class Meta:
        model = Episode
        fields = ["number", "title", "intro_start", "intro_end", "outro_start"]

    def has_changed(self) -> bool:
        return bool(super().has_changed() or self.files.get(self.add_prefix("upload")))


def uploaded_path(file: object) -> str:
    """Where the upload lies on disk (settings make Django write every upload to a file)."""
    if not isinstance(file, TemporaryUploadedFile):
        raise TypeError("FILE_UPLOAD_HANDLERS must write uploads to files")
    return file.temporary_file_path()
