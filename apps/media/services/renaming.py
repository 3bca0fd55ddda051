"""New names for the files of a video: an address of before leads nowhere from then on."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.media.models import GOING, PendingDeletion, Rendition, Storyboard, Subtitle, Video
from apps.media.services.storage import Arrivals, drop
from utils.clock import Clock


def rename_files(*, video: Video, clock: Clock = timezone.now) -> bool:
    """Give what belongs to the whole title other names, at once; False while an encode is at work on it.

    For a title that is free no more: addresses of what is free are everybody's, and good for hours. Players that may go
    on find the same bytes under the new names in their playlists.
    """
    while (done := _rename(video, clock)) is None:
        continue
    return done


def _rename(video: Video, clock: Clock) -> bool | None:
    """None if the files were replaced by an encode meanwhile."""
    old = _names(video)
    with Arrivals(video, clock=clock) as arrivals:
        fresh = {name: arrivals.link(name) for name in old}
        with transaction.atomic():
            locked = Video.objects.select_for_update().get(pk=video.pk)
            if locked.state in GOING:
                return False  # its worker knows its files by their names
            if set(_names(video)) != set(old):
                return None
            arrivals.settle()
            for name in old:
                for model in (Rendition, Subtitle):
                    model.objects.filter(video=video, file=name).update(file=fresh[name])
            for board in Storyboard.objects.filter(video=video):
                board.files = [fresh[name] for name in board.files]
                board.save(update_fields=["files"])
            rows = [PendingDeletion(name=name, due_at=clock(), replaced_in=video) for name in old]
            PendingDeletion.objects.bulk_create(rows, ignore_conflicts=True)
            # with what encodes have replaced: that has addresses, too
            transaction.on_commit(lambda: drop(PendingDeletion.objects.filter(replaced_in=video)))
    return True


def _names(video: Video) -> list[str]:
    """The stored files of the whole title."""
    names = list(video.renditions.filter(variant=Rendition.Variant.FULL).values_list("file", flat=True))
    names += video.subtitles.values_list("file", flat=True)
    for files in Storyboard.objects.filter(video=video).values_list("files", flat=True):
        names += files
    return names
