"""Puts files on the shelf of a running site and tells, a line of JSON each, how they end; at last what is stored.

Run with the site's DATA_DIR. Each argument is a path; its title is the file's name.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

TIDIES_WITHIN = 20.0  # seconds: a worker clears its work away once the title is ready


def told(episode: Any) -> dict[str, Any]:
    """All there is to know of a video that has ended."""
    video = episode.video
    rows = [
        {key: getattr(row, key) for key in ("kind", "name", "file", "width", "height", "duration")}
        for row in video.renditions.all()
    ]
    return {
        "file": episode.movie.title,
        "page": episode.get_absolute_url(),
        "ended": [video.state, video.failure],
        "duration": video.duration,
        "size": [video.width, video.height],
        "has_audio": video.has_audio,
        "texts": video.subtitles.count(),
        "chapters": len(video.chapters),
        "renditions": rows,
    }


def stored() -> dict[str, Any]:
    """What the database says of the storage, and what the doctor finds amiss."""
    from django.conf import settings
    from django.utils import timezone

    from apps.media import services as media
    from apps.media.models import Rendition, Video
    from apps.media.services.doctor import named_files

    return {
        "named": sorted(named_files()),
        "sizes": {
            **dict(Video.objects.values_list("original", "size")),
            **dict(Rendition.objects.values_list("file", "size")),
        },
        "work": [path.name for path in Path(settings.WORK_DIR).glob("*")],
        "amiss": [finding.what for finding in media.examine(at=timezone.now(), mend=False)],
    }


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(*paths: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
    import django

    django.setup()
    from apps.media.models import State
    from apps.movies import services as movies

    waiting = [movies.add_episode(path=Path(path), title=Path(path).name) for path in paths]
    while waiting:
        time.sleep(0.5)
        for episode in list(waiting):
            episode.video.refresh_from_db()
            if episode.video.state in {State.READY, State.FAILED}:
                waiting.remove(episode)
                say(told(episode))
    tidied_by = time.monotonic() + TIDIES_WITHIN
    while (found := stored())["work"] and time.monotonic() < tidied_by:
        time.sleep(0.2)
    say(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
