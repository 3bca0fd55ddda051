"""The files that are stored of a video, with their sizes."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.files.storage import Storage
from django.utils.translation import gettext as _

from apps.media.models import Rendition, Storyboard, Video
from apps.media.source_info import bit_rate, layout_name
from utils.languages import language_name
from utils.storages import videos

CODECS = {"avc1": "H.264", "hvc1": "H.265", "av01": "AV1", "mp4a": "AAC", "ac-3": "Dolby Digital"}  # RFC 6381


@dataclass(frozen=True)
class StoredFile:
    """A stored file, or several of a kind; `size` in bytes, None if it is missing from the storage."""

    name: str
    detail: str = ""
    codec: str = ""
    codecs: str = ""  # as the playlist names them
    rate: str = ""
    size: int | None = None


@dataclass
class FileGroup:
    """Stored files of one kind, under a heading."""

    title: str
    files: list[StoredFile] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size or 0 for file in self.files)


@dataclass(frozen=True)
class StoredFiles:
    """Everything that is stored of a video; `storyboard` is None where it has none."""

    groups: list[FileGroup]
    storyboard: Storyboard | None

    @property
    def size(self) -> int:
        """Bytes of all groups."""
        return sum(group.size for group in self.groups)


def stored_files(video: Video) -> StoredFiles:
    """Everything that is stored of the video. The storage gives the sizes that the database doesn't have."""
    board = Storyboard.objects.filter(video=video).first()
    rows = list(video.renditions.defer("segments"))
    full = [row for row in rows if row.variant == Rendition.Variant.FULL]
    original = StoredFile(video.original_name, size=_stored(videos(), video.original))
    pictures = []
    if board:
        sizes = [_stored(videos(), name) for name in board.files]
        sheets = None if None in sizes else sum(size or 0 for size in sizes)
        pictures.append(StoredFile(_("Storyboard"), _("%d thumbnails") % board.count, size=sheets))
    if video.thumbnail:
        pictures.append(StoredFile(_("Thumbnail"), size=_stored(video.thumbnail.storage, video.thumbnail.name)))
    texts = [
        StoredFile(row.label, language_name(row.language), "WebVTT", size=_stored(videos(), row.file))
        for row in video.subtitles.all()
    ]
    groups = [
        FileGroup(_("Original"), [original]),
        FileGroup(_("Quality levels"), [_track(row) for row in full if row.kind == Rendition.Kind.VIDEO]),
        FileGroup(_("Audio tracks"), [_track(row) for row in full if row.kind == Rendition.Kind.AUDIO]),
        FileGroup(_("Subtitles"), texts),
        FileGroup(_("Preview"), [_track(row) for row in rows if row.variant == Rendition.Variant.PREVIEW]),
        FileGroup(_("Pictures"), pictures),
    ]
    return StoredFiles([group for group in groups if group.files], board)


def _track(row: Rendition) -> StoredFile:
    if row.kind == Rendition.Kind.VIDEO:
        name, detail = row.name, f"{row.width} × {row.height}"
    else:
        name, detail = row.label or row.name, layout_name(row.channels or 2)
    codec = CODECS.get(row.codecs.split(".", 1)[0], "")
    return StoredFile(name, detail, codec, row.codecs, bit_rate(row.average_bandwidth), row.size)


def _stored(storage: Storage, name: str | None) -> int | None:
    try:
        return storage.size(name or "")
    except FileNotFoundError:
        return None
