"""A site of an earlier version, migrated and used, in a process of its own: `python -m tests.upgrade.driver FILE`.

DATA_DIR and DATABASE_URL are that site's. What was found goes to FILE as JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.migrations.operations import RenameModel  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.community.models import Comment  # noqa: E402
from apps.media import services as media  # noqa: E402
from apps.media.models import Chunk, PendingDeletion, Rendition, Storyboard, Upload, Video  # noqa: E402
from apps.movies.models import Movie  # noqa: E402
from apps.orders.models import Order, Payment, Purchase  # noqa: E402
from apps.playback.models import Progress, Stream  # noqa: E402
from apps.users.models import Membership, User  # noqa: E402
from apps.wallet.models import Entry, Wallet  # noqa: E402
from utils.storages import videos  # noqa: E402

PASSWORD = "right horse battery"


def row_counts() -> dict[str, int]:
    """Rows by table. The search index is made of them, and SQLite can't count its lists."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            if table.startswith("search_default_"):
                continue
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  our own names
            found[table] = cursor.fetchone()[0]
    return found


def renamed_tables() -> dict[str, str]:
    """Tables by their name of before, as the migrations rename them."""
    return {
        f"{app}_{operation.old_name_lower}": f"{app}_{operation.new_name_lower}"
        for (app, _), migration in MigrationLoader(None).disk_migrations.items()
        for operation in migration.operations
        if isinstance(operation, RenameModel)
    }


def money() -> dict[str, Any]:
    """Every row of money, its sums as text."""
    return {
        "orders": [list(map(str, row)) for row in Order.objects.order_by("pk").values_list("kind", "state", "amount")],
        "payments": [str(amount) for amount in Payment.objects.order_by("pk").values_list("amount", flat=True)],
        "entries": [
            list(map(str, row))
            for row in Entry.objects.order_by("pk").values_list("kind", "amount", "balance_after", "subject")
        ],
        "balance": str(Wallet.objects.get(user__username="lin").balance),
        "purchases": list(Purchase.objects.values_list("user__username", "movie__title")),
        "member_until": Membership.objects.get(user__username="lin").ends_at.year - timezone.now().year,
    }


def watched(name: str, title: str) -> dict[str, Any]:
    """What a viewer gets of a title (nobody signed in for ""): page, playlists, the first segment of each track."""
    client, movie = Client(), Movie.objects.get(title=title)
    signed_in = client.post("/user/login/", {"username": name, "password": PASSWORD}).status_code if name else None
    page = client.get(f"/single/{movie.pk}/1/")
    master = client.get(f"/play/{movie.pk}/1/master.m3u8")
    found: dict[str, Any] = {"signed_in": signed_in, "page": page.status_code, "master": master.status_code}
    found["comments"] = [text for text in Comment.objects.values_list("text", flat=True) if text in page.text]
    found["tracks"] = {}
    for address in re.findall(r'^/\S+\.m3u8\S*|(?<=URI=")[^"]+', master.text, re.MULTILINE):
        playlist = client.get(address).text
        start, length = re.search(r"BYTERANGE:(\d+)@(\d+)\n", playlist).group(2, 1)
        segment = re.search(r"BYTERANGE:\S+\n(\S+)", playlist)[1]
        answer = client.get(segment, headers={"Range": f"bytes={start}-{int(start) + int(length) - 1}"})
        data = answer.getvalue()
        seconds = sum(map(float, re.findall(r"#EXTINF:([\d.]+)", playlist)))
        found["tracks"][Path(address.split("?")[0]).stem] = {
            "status": answer.status_code,
            "whole": len(data) == int(length),
            "box": data[4:8].decode(),
            "seconds": round(seconds),
            "ended": "#EXT-X-ENDLIST" in playlist,
        }
    return found


def stored(video: Video) -> dict[str, Any]:
    """What a video's row says, and whether its files are where the rows name them."""
    renditions = list(video.renditions.all())
    board = Storyboard.objects.filter(video=video).first()
    return {
        "state": video.state,
        "source": video.source_info["video"]["codec"] if video.source_info else None,
        "preview_duration": video.preview_duration,
        "variants": sorted(f"{row.variant} {row.name}" for row in renditions),
        "progressive": any(row.progressive for row in renditions),
        "files": all(videos().size(row.file) == row.size for row in renditions),
        "thumbnail": bool(video.thumbnail) and video.thumbnail.storage.exists(video.thumbnail.name or ""),
        "storyboard": bool(board) and all(videos().exists(name) for name in board.files),
    }


def main(target: Path) -> None:
    setup_test_environment()
    before = row_counts()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    found: dict[str, Any] = {"before": before, "after": row_counts(), "renamed": renamed_tables(), "money": money()}
    film, waiting = Video.objects.order_by("pk")
    found |= {"film": stored(film), "waiting": stored(waiting)}
    found["progress"] = list(Progress.objects.values_list("user__username", "position"))
    found["pending"] = [
        (row.storage, videos().exists(row.name), row.replaced_in_id == film.pk) for row in PendingDeletion.objects.all()
    ]
    upload = Upload.objects.get(state=Upload.State.RECEIVING)
    there = Path(videos().path(upload.stored)).stat().st_size
    found["upload"] = [upload.filename, upload.offset, there, User.objects.get(pk=upload.owner_id).username]
    found["member"] = watched("lin", "山")
    found["stranger"] = watched("", "山")
    found["buyer"] = watched("lin", "河")
    found["findings"] = [finding.what for finding in media.examine(at=timezone.now(), mend=False)]
    media.process(video_id=waiting.pk)
    found["encoded"] = stored(Video.objects.get(pk=waiting.pk))
    media.retry(video_id=film.pk, at=timezone.now())
    media.process(video_id=film.pk)
    found["again"] = {**stored(Video.objects.get(pk=film.pk)), "left": Rendition.objects.filter(video=film).count()}
    found["chunks"] = Chunk.objects.count()
    Stream.objects.all().delete()  # the players of before are closed
    found["later"] = watched("lin", "山")
    target.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
