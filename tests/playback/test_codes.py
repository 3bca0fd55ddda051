"""The codes that the player's script compares are those of the server's enums."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from apps.playback import services
from apps.playback.presenters import EpisodeState

CODES = Path(settings.BASE_DIR) / "static/js/player/codes.js"


def test_the_player_knows_the_servers_codes():
    text = CODES.read_text()
    found = {
        name: dict(re.findall(r'(\w+): "(\w*)"', body))
        for name, body in re.findall(r"const (\w+) = Object\.freeze\(\{(.*?)\}\)", text, re.S)
    }
    enums = {"GrantKind": services.GrantKind, "PlaceState": services.streams.Place, "EpisodeState": EpisodeState}
    assert found == {name: {code.name: code.value for code in enum} for name, enum in enums.items()}
