"""Backup and restoring of the whole site: database, files and keys."""

from __future__ import annotations

import json
import math
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
from utils.backups.progress import Progress
from utils.backups.snapshots import Collector, Manifest, Unusable, beginning, finished, newest, put, verify
from utils.cache import invalidate_pages
from utils.storages import private, videos

if TYPE_CHECKING:
    from django.core.files.storage import FileSystemStorage

KEYS, VIDEOS = "keys.json", "videos"
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
                _collect(collector, kind, name)
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
    progress = Progress(settings.DATA_DIR / "restoring")
    repeated = progress.backup == manifest.made_at  # a killed run may have left half of MariaDB's tables
    if not repeated:
        _refuse_content(manifest)
    _put_keys(backup / KEYS)
    if not repeated:
        progress.begin(manifest.made_at, videos().delete)
    for path, entry in manifest.entries.items():
        kind, _, name = path.partition("/")
        if kind == VIDEOS:
            _put_video(backup / path, name, progress)
        elif name:
            put(backup, entry, Path(_folders()[kind].path(name)))
    (file,) = (path for path in manifest.entries if path.startswith("database."))
    dumps.load(backup / file, settings.DATA_DIR)
    media.use_names(progress.names)
    progress.finish(videos().delete)
    invalidate_pages()
    return manifest


def _folders() -> dict[str, FileSystemStorage]:
    return {"pictures": default_storage, "private": private()}  # type: ignore[dict-item]


def _named() -> Iterator[tuple[str, str]]:
    """Every file that a row needs, with its storage."""
    yield from (("pictures", name) for name in row_files.named())
    yield from (("private", name) for name in row_files.named(row_files.PRIVATE))
    yield from ((VIDEOS, name) for name in media.needed_files() if name)


def _collect(collector: Collector, kind: str, name: str) -> None:
    """Put a file into a backup. Raises FileNotFoundError, and OSError if the storage can't be reached."""
    path = f"{kind}/{name}"
    if kind != VIDEOS:
        collector.add(Path(_folders()[kind].path(name)), path)
        return
    found = videos().find(name)
    if found.path:
        collector.add(found.path, path)
    else:
        collector.add_remote(path, size=found.size, changed=found.changed, open_file=lambda: videos().open(name))


def _put_video(source: Path, name: str, progress: Progress) -> None:
    """Store a video of the backup, unless a killed run did so; the storage may choose another name."""
    if name in progress.names:
        return
    fresh = videos().put_back(source, name, begun=lambda begun: progress.note(name, begun, whole=False))
    if fresh != name:
        progress.note(name, fresh, whole=True)


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
    for path in _files():
        if path.removesuffix(".part") not in manifest.entries:
            raise Unusable(f"The site isn't empty: {path} isn't in the backup.")


def _files() -> Iterator[str]:
    """The files that the site has, as far as its storages list them, by their paths in a backup."""
    for kind, storage in _folders().items():
        root = Path(storage.path(""))
        yield from (f"{kind}/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file())
    yield from (f"{VIDEOS}/{name}" for name in videos().older_than(math.inf))
