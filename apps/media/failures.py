"""Why a file can't be played, explained to curators."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from utils.mediakit.refusals import Refusal

REASONS = {
    "not_a_video": _("This isn't a video file. Export it as MP4 and upload it again."),
    "no_video": _("The file has audio but no video. Export it again with a video track."),
    "damaged": _(
        "The file is damaged at %(at)s and can't be decoded beyond that point. Upload a fresh copy of the original."
    ),
    "encrypted": _("The file is encrypted or copy-protected. Upload an unprotected file."),
    "codec": _("This video codec isn't supported. Export the file as H.264 or H.265."),
    "too_large": _("The resolution is too high. Export the video at 8192 × 8192 pixels or less."),
    "too_long": _("The video is longer than 24 hours. Split it and upload the parts."),
    "missing": _("The original file is missing from storage. Upload it again."),
    "encoding": _(
        "Encoding failed; see the technical details. Try again, or export the file as MP4 and upload it again."
    ),
    "disk": _("A file couldn't be written. Check the free disk space, then try again."),
    "no_room": _("The disk is full. Encoding resumes automatically when space is available."),
    "no_storage": _("The video storage can't be reached. Encoding resumes automatically when it answers."),
    "storage": _("The video storage couldn't be reached on any attempt. Check its servers, then encode again."),
    "full": _("The disk was full on every attempt. Free up space, then encode again."),
    "gave_up": _("Encoding was interrupted too many times. Try again once the server is stable."),
    "cancelled": _("Encoding was stopped manually. You can encode it again at any time."),
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
