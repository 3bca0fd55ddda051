"""Forms of the administration."""

from apps.movies.forms.catalogue import EpisodeForm, GenreForm, MovieForm, PersonForm, PicturesForm, ScheduleForm
from apps.movies.forms.uploads import AddUploadsForm, uploaded_path

__all__ = [
    "AddUploadsForm",
    "EpisodeForm",
    "GenreForm",
    "MovieForm",
    "PersonForm",
    "PicturesForm",
    "ScheduleForm",
    "uploaded_path",
]
