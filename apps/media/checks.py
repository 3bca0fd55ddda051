"""System checks on what keeps uploads from doing harm."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Info, register

from utils.mediakit.sandbox import landlock


@register()
def check_confinement(**_: object) -> list[CheckMessage]:
    """Whether a decoder that was taken over by a file would still be held by the kernel."""
    if str(settings.ENVIRONMENT) != "production" or landlock.version() >= landlock.COMPLETE:
        return []
    return [
        Info(
            f"The kernel confines what decodes uploads {'in part' if landlock.version() else 'not at all'}: "
            f"version {landlock.version()} of Landlock.",
            hint="Run Linux 6.12 or newer with landlock among its security modules (lsm=), and let containers use it.",
            id="media.I001",
        )
    ]
