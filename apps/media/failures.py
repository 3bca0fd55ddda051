"""Why a file can't be played, explained to curators."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from utils.mediakit.refusals import Refusal

REASONS = {
    "not_a_video": _("This is not a video file. Export it again as MP4 and upload that."),
    "no_video": _("There is sound in the file but no picture. Export it again with the picture."),
    "damaged": _("The file is damaged at %(at)s: what follows can't be decoded. Upload it again from the original."),
    "encrypted": _("The file is encrypted or copy-protected. Upload one without protection."),
    "codec": _("The picture's codec is not supported. Export it as H.264 or H.265."),
    "too_large": _("The picture is too large: at most 8192 × 8192 pixels. Export it smaller."),
    "too_long": _("The video is too long: at most 24 hours. Upload it in parts."),
    "missing": _("The original file is no longer in the storage. Upload it again."),
    "encoding": _("Encoding failed; the technical detail says why. Try again, or export the file again as MP4."),
    "disk": _("A file could not be written. Look at the free space on the disk, then try again."),
    "no_room": _("The disk is full. Encoding goes on by itself once there is room."),
    "full": _("The disk was full at every try. Make room on it, then encode it again."),
    "gave_up": _("Encoding was interrupted too often. Try again when the machine has settled."),
    "cancelled": _("Encoding was stopped by hand. It can be encoded again at any time."),
}


def column(refusal: Refusal) -> str:
    """A refusal as stored in `Video.failure`: its code and, if known, the second it refers to ("damaged@83")."""
    return refusal.code if refusal.at_seconds is None else f"{refusal.code}@{int(refusal.at_seconds)}"


def reason(failure: str) -> str:
    """The explanation of what is stored in `Video.failure`, in the active language."""
    code, _at, second = failure.partition("@")
    if code not in REASONS:
        return gettext("Unknown reason: %s") % failure
    minutes, seconds = divmod(int(second) if second.isdigit() else 0, 60)
    return str(REASONS[code]) % {"at": f"{minutes}:{seconds:02}"}
