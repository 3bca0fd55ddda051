"""What is stored of a video: every file with its size, and what they come to together."""

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
class Item:
    """A stored file, or several of a kind; `size` in bytes, None if the storage has it no more."""

    name: str
    detail: str = ""
    codec: str = ""
    codecs: str = ""  # as the playlist names them
    rate: str = ""
    size: int | None = None


@dataclass
class Part:
    """Stored files of one kind under their heading."""

    title: str
    items: list[Item] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes on the disk of all its items."""
        return sum(item.size or 0 for item in self.items)


@dataclass(frozen=True)
class Contents:
    """Everything that is stored of a video, and its storyboard to be shown."""

    parts: list[Part]
    storyboard: Storyboard | None

    @property
    def size(self) -> int:
        """Bytes on the disk of all parts."""
        return sum(part.size for part in self.parts)


def contents(video: Video) -> Contents:
    """Everything that is stored of the video. Asks the storage for what the database has no size of."""
    board = Storyboard.objects.filter(video=video).first()
    rows = list(video.renditions.defer("segments"))
    full = [row for row in rows if row.variant == Rendition.Variant.FULL]
    original = Item(video.original_name, size=_stored(videos(), video.original))
    pictures = []
    if board:
        sizes = [_stored(videos(), name) for name in board.files]
        sheets = None if None in sizes else sum(size or 0 for size in sizes)
        pictures.append(Item(_("Storyboard"), _("%d pictures") % board.count, size=sheets))
    if video.thumbnail:
        pictures.append(Item(_("Thumbnail"), size=_stored(video.thumbnail.storage, video.thumbnail.name)))
    texts = [
        Item(row.label, language_name(row.language), "WebVTT", size=_stored(videos(), row.file))
        for row in video.subtitles.all()
    ]
    parts = [
        Part(_("Original"), [original]),
        Part(_("Rungs"), [_rung(row) for row in full if row.kind == Rendition.Kind.VIDEO]),
        Part(_("Sound tracks"), [_rung(row) for row in full if row.kind == Rendition.Kind.AUDIO]),
        Part(_("Subtitles"), texts),
        Part(_("Preview"), [_rung(row) for row in rows if row.variant == Rendition.Variant.PREVIEW]),
        Part(_("Pictures"), pictures),
    ]
    return Contents([part for part in parts if part.items], board)


def _rung(row: Rendition) -> Item:
    if row.kind == Rendition.Kind.VIDEO:
        name, detail = row.name, f"{row.width} × {row.height}"
    else:
        name, detail = row.label or row.name, layout_name(row.channels or 2)
    codec = CODECS.get(row.codecs.split(".", 1)[0], "")
    return Item(name, detail, codec, row.codecs, bit_rate(row.average_bandwidth), row.size)


def _stored(storage: Storage, name: str | None) -> int | None:
    try:
        return storage.size(name or "")
    except FileNotFoundError:
        return None
