"""Why a file can't be played, in words a curator understands."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

REASONS = {
    "not_a_video": _("This is not a video file. Export it again as MP4 and upload that."),
    "no_video": _("There is sound in the file but no picture."),
    "damaged": _("The file is damaged: no picture could be decoded. Upload it again from the original."),
    "codec": _("The picture's codec is not supported. Export it as H.264 or H.265."),
    "too_large": _("The picture is too large: at most 8192 × 8192 pixels."),
    "missing": _("The original file is no longer in the storage. Upload it again."),
    "encoding": _("Encoding failed. The technical detail says why."),
    "gave_up": _("Encoding was interrupted three times. Try again when the machine has settled."),
}


def reason(code: str) -> str:
    """The sentence for a failure code, in the active language."""
    return str(REASONS[code]) if code in REASONS else gettext("Unknown reason: %s") % code
