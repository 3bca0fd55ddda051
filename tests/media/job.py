"""Processes the files it is given in a data folder of its own, and prints how each ended: to be watched by strace."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(folder: str, *paths: str) -> None:
    os.environ |= {"DATA_DIR": folder, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "streamsite.settings"}
    import django

    django.setup()
    from celery import current_app
    from django.core.management import call_command

    from apps.media import services
    from apps.media.models import Video
    from utils.storages import videos

    current_app.conf.task_always_eager = True
    call_command("migrate", verbosity=0)
    for path in map(Path, paths):
        stored = videos().adopt(path, suffix=path.suffix, move=False)
        video = Video.objects.create(original=stored, original_name=path.name, size=0, sha256="0" * 64)
        services.process(video_id=video.pk)
        video.refresh_from_db()
        sys.stdout.write(json.dumps([path.name, video.state, video.failure]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
