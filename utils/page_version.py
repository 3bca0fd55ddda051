"""The version of all cached pages, as nginx reads it: where a symbolic link leads to.

nginx can't ask Redis, but it resolves the folder of `root` for each request (`$realpath_root`), and its page cache has
that in the key. Renewing replaces the link atomically, so nginx finds no page of before: without a module or a reload.
Where the link is missing, nginx keeps no pages. docs/decisions/0077.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import secrets
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)


def link() -> Path:
    """The link, whether it exists or not."""
    return Path(settings.DATA_DIR) / "page_version" / "current"


def start() -> Path:
    """Begin to keep the version for nginx; returns the link. Later calls change nothing."""
    link().parent.mkdir(parents=True, exist_ok=True)
    if not link().exists():
        renew()
    return link()


def renew() -> None:
    """Renew the version, if nginx uses it; the content has to be committed before.

    Where it can't be written (a full disk) the link is removed: nginx keeps no pages until the next renewal.
    """
    folder = link().parent
    if not folder.is_dir():
        return
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _replace(folder / secrets.token_hex(8))
    except OSError as error:
        log.warning("nginx keeps no pages, as %s can't be replaced: %s", link(), error.strerror)
        link().unlink(missing_ok=True)


def _replace(fresh: Path) -> None:
    before = link().readlink() if link().is_symlink() else None
    fresh.mkdir()
    fresh_link = fresh.with_suffix(".link")
    fresh_link.symlink_to(fresh.name)
    fresh_link.replace(link())
    if before:
        with contextlib.suppress(OSError):
            (fresh.parent / before).rmdir()
