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
            "queued": _("Queued"),
            "checking": _("Checking for an existing copy: {percent}"),
            "sending": _("{percent} · {speed} · {left} left"),
            "paused": _("Paused at {percent}"),
            "lost": _("Reconnecting… resumes at {percent}"),
            "needsFile": _("Interrupted at {percent}. Select or drop the same file to resume."),
            "received": _("Upload complete. Verifying…"),
            "instant": _("Already on the server, no upload needed."),
            "uploaded": _("Uploaded. Queued for encoding."),
            "processing": _("Uploaded. Encoding: {percent}"),
            "noRoom": _("Uploaded. Encoding resumes when disk space is available."),
            "ready": _("Ready to watch"),
            "unplayable": _("Can't be played. {reason}"),
            "added": _("Added to:"),
            "empty": _("The file is empty."),
            "tooLarge": _("The file is too large (max. {size})."),
            "twice": _("This file is already in the list."),
            "unreadable": _("The browser can't read the file. It may have been moved or changed; select it again."),
            "signedOut": _("You've been signed out. Sign in in another tab, then resume here."),
            "wrong": _("The server returned an error ({status}). Try again."),
            "unreachable": _("The server can't be reached. Try again."),
            "pause": _("Pause"),
            "resume": _("Resume"),
            "retry": _("Try again"),
            "remove": _("Remove"),
            "confirmRemove": _("Remove “{name}”? The uploaded part will be deleted."),
            "confirmForget": _("Remove “{name}” from this list? The video stays in the library."),
            "summary": _("{done} of {count} files uploaded"),
            "seconds": _("{n} s"),
            "minutes": _("{n} min"),
            "hours": _("{n} h {m} min"),
        },
    }
