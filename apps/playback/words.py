"""The player's words, in the viewer's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def player_words() -> dict[str, str]:
    """Every string the player's script shows or speaks."""
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "mute": _("Mute"),
        "unmute": _("Unmute"),
        "volume": _("Volume"),
        "seek": _("Position"),
        "of": _("of"),
        "quality": _("Quality"),
        "auto": _("Auto"),
        "speed": _("Speed"),
        "normal": _("Normal"),
        "subtitles": _("Subtitles"),
        "sound": _("Sound"),
        "off": _("Off"),
        "pip": _("Picture in picture"),
        "wide": _("Fill the page"),
        "fullscreen": _("Full screen"),
        "exit": _("Leave"),
        "next": _("Next episode"),
        "nextIn": _("Next episode in {seconds} s"),
        "playNow": _("Play now"),
        "cancel": _("Cancel"),
        "skipIntro": _("Skip the intro"),
        "resumed": _("Going on from {time}"),
        "fromStart": _("From the start"),
        "offline": _("The connection is gone. Trying again …"),
        "expired": _("The address had expired. Going on …"),
        "unplayable": _("This title can't be played just now. Reload the page, or try again later."),
        "retry": _("Try again"),
        "previewOver": _("That was the preview"),
        "watchAgain": _("Watch the preview again"),
        "help": _("Keyboard"),
        "close": _("Close"),
        "keyPlay": _("Play or pause"),
        "keySeek": _("5 seconds back or on"),
        "keyJump": _("10 seconds back or on"),
        "keyVolume": _("Louder or quieter"),
        "keyMute": _("Sound on or off"),
        "keyFullscreen": _("Full screen"),
        "keySubtitles": _("Subtitles on or off"),
        "keySpeed": _("Slower or faster"),
        "keyNext": _("Next episode"),
        "keyHelp": _("This list"),
        "player": _("Video player"),
    }
