"""Removes other users' permissions from existing data folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

OTHERS = 0o077  # all permissions of group and others
OURS = (
    "admin-password*", "broker", "cashier", "db.sqlite3*", "demo-made", "errors", "mail", "outbox",
    "page_version", "pictures", "private", "run", "run.env", "run.lock", "secret_key*", "site.log*", "stack",
    "static", "static-made", "videos", "work",
)  # fmt: skip


def close(folder: Path) -> list[Path]:
    """Restrict the site's files to their owner, and the folder too unless it holds other files.

    Returns paths that could not be changed. Already private folders are skipped, so that a start doesn't visit every
    film. A folder is changed after its contents, so that an interrupted pass is repeated.
    """
    ours = [path for path in folder.iterdir() if any(path.match(name) for name in OURS)]
    left = _close(ours)
    if {path.name for path in folder.iterdir()} <= {path.name for path in ours} | {"lost+found"}:
        left += _close([folder], contents=False)
    return left


def _close(paths: Iterable[Path], *, contents: bool = True) -> list[Path]:
    left: list[Path] = []
    for path in paths:
        try:
            mode = path.lstat().st_mode
            if path.is_symlink() or not mode & OTHERS:  # symlinks point to folders of the operator
                continue
            if contents and path.is_dir():
                left += _close(path.iterdir())
            path.chmod(mode & 0o7777 & ~OTHERS)
        except FileNotFoundError:  # removed meanwhile
            continue
        except OSError:  # owned by another user, or a file system without permissions
            left.append(path)
    return left
