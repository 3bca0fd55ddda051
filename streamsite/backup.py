"""Backup and restoring of the whole site: database, files and keys."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.db import connection

from apps.media import services as media
from apps.media.models import Video
from apps.movies.models import Movie
from apps.orders.models import Order
from streamsite.env import env
from utils import row_files
from utils.backups import dumps
from utils.backups.snapshots import Collector, Manifest, Unusable, beginning, finished, newest, put, verify
from utils.cache import invalidate_pages
from utils.storages import private, videos

if TYPE_CHECKING:
    from django.core.files.storage import FileSystemStorage

KEYS = "keys.json"
NOTED = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "MEDIA_SECRET", "MEDIA_SECRET_FALLBACKS")


@dataclass(frozen=True)
class Result:
    """What a backup did: where it is, how many files it holds, the bytes it copied, and the names it didn't find."""

    place: Path
    files: int
    copied: int
    missing: list[str]


def back_up(folder: Path, *, at: datetime) -> Result:
    """Make a backup in the folder, while the site runs. Raises Unusable, DumpFailed and OSError.

    The database comes first: whatever it names was stored before, under a name that is never used twice.
    """
    whole = finished(folder)
    with beginning(folder, at) as fresh:
        named = set(_named())
        collector = Collector(fresh, whole[-1] if whole else None)
        collector.note(dumps.dump(fresh).name)
        _write_keys(fresh / KEYS)
        collector.note(KEYS)
        missing = []
        for kind, name in sorted(named | set(_named())):
            try:
                collector.add(Path(_storages()[kind].path(name)), f"{kind}/{name}")
            except FileNotFoundError:
                missing.append(f"{kind}/{name}")
        Manifest(at.isoformat(), entries=collector.entries, missing=missing).write(fresh)
        name = fresh.name.removeprefix(".partial-")
    return Result(folder / name, len(collector.entries), collector.copied, missing)


def restore(folder: Path) -> Manifest:
    """Put a backup back into an empty site. Raises Unusable, DumpFailed and OSError.

    The database comes last, so that a run that was killed can be repeated.
    """
    backup = newest(folder)
    manifest = Manifest.read(backup)
    verify(backup, manifest)
    running = settings.DATA_DIR / "restoring"  # a killed run may leave half of MariaDB's tables
    if not (running.exists() and running.read_text() == manifest.made_at):
        _refuse_content(manifest)
    _put_keys(backup / KEYS)
    running.write_text(manifest.made_at)
    for path, entry in manifest.entries.items():
        kind, _, name = path.partition("/")
        if name:
            put(backup, entry, Path(_storages()[kind].path(name)))
    (file,) = (path for path in manifest.entries if path.startswith("database."))
    dumps.load(backup / file, settings.DATA_DIR)
    running.unlink()
    invalidate_pages()
    return manifest


def holds_videos() -> bool:
    """Whether backups hold the videos: FastDFS gives its own names, so its store paths are backed up instead."""
    return bool(settings.VIDEO_STORAGE_URL.startswith("file:"))


def _storages() -> dict[str, FileSystemStorage]:
    found: dict[str, FileSystemStorage] = {"pictures": default_storage, "private": private()}  # type: ignore[dict-item]
    if holds_videos():
        found["videos"] = videos()  # type: ignore[assignment]
    return found


def _named() -> Iterator[tuple[str, str]]:
    """Every file that a row needs, with its storage."""
    yield from (("pictures", name) for name in row_files.named())
    yield from (("private", name) for name in row_files.named(row_files.PRIVATE))
    if holds_videos():
        yield from (("videos", name) for name in media.needed_files() if name)


def _write_keys(file: Path) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({name: getattr(settings, name) for name in NOTED}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())


def _put_keys(file: Path) -> None:
    """Use the backup's key, on which sessions, second factors and addresses depend. Raises Unusable."""
    key = json.loads(file.read_text())["SECRET_KEY"]
    if key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        return
    if env.str("SECRET_KEY", default=""):
        raise Unusable(f"SECRET_KEY differs from the backup's: set it as {file} says, then run this again.")
    kept = settings.DATA_DIR / "secret_key"
    fresh = kept.with_name("secret_key.restored")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(key)
    fresh.replace(kept)


def _refuse_content(manifest: Manifest) -> None:
    tables = set(connection.introspection.table_names())
    for model in (get_user_model(), Movie, Video, Order):
        if model._meta.db_table in tables and model._default_manager.exists():
            raise Unusable(f"The site isn't empty: its database holds {model._meta.verbose_name_plural}.")
    for kind, storage in _storages().items():
        root = Path(storage.path(""))
        for path in root.rglob("*") if root.exists() else ():
            name = path.relative_to(root)
            if path.is_file() and f"{kind}/{name}".removesuffix(".part") not in manifest.entries:
                raise Unusable(f"The site isn't empty: {path} isn't in the backup.")
