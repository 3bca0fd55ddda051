"""What the upload page's script needs: addresses, limits and words in the curator's language."""

from __future__ import annotations

from typing import TypedDict

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _


class UploadPage(TypedDict):
    """The configuration of static/js/upload: addresses, the largest file in bytes, texts by name."""

    uploads: str
    known: str
    limit: int
    words: dict[str, str]


def upload_page() -> UploadPage:
    """The configuration in the active language."""
    return {
        "uploads": reverse("media:uploads"),
        "known": reverse("media:known"),
        "limit": settings.UPLOAD_MAX_SIZE,
        "words": {
            "queued": _("Waiting its turn"),
            "checking": _("Looking whether it is stored already: {percent}"),
            "sending": _("{percent} · {speed} · {left} left"),
            "paused": _("Paused at {percent}"),
            "lost": _("The connection is gone. It goes on at {percent} by itself."),
            "needsFile": _("Stopped at {percent}. Choose or drop the same file again, and it goes on there."),
            "received": _("All there. Checking it …"),
            "instant": _("Stored already: nothing had to be sent."),
            "uploaded": _("Uploaded. Waiting to be encoded."),
            "processing": _("Uploaded. Encoding: {percent}"),
            "noRoom": _("Uploaded. Encoding goes on once there is room on the disk."),
            "ready": _("Ready to watch"),
            "unplayable": _("It can't be played. {reason}"),
            "shelved": _("Put in its place:"),
            "empty": _("The file is empty."),
            "tooLarge": _("The file is too large: at most {size}."),
            "twice": _("This file is in the list already."),
            "unreadable": _("The browser can't read the file. Was it moved or changed? Choose it again."),
            "signedOut": _("You are signed out. Sign in in another tab, then go on here."),
            "wrong": _("The server answered with an error ({status}). Try again."),
            "unreachable": _("The server can't be reached. Try again."),
            "pause": _("Pause"),
            "resume": _("Go on"),
            "retry": _("Try again"),
            "remove": _("Remove"),
            "confirmRemove": _("Remove “{name}”? What was sent of it is deleted."),
            "confirmForget": _("Take “{name}” off this list? The video stays among the videos."),
            "summary": _("{done} of {count} files uploaded"),
            "seconds": _("{n} s"),
            "minutes": _("{n} min"),
            "hours": _("{n} h {m} min"),
        },
    }
