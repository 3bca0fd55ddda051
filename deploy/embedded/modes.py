"""Takes from other users what a data folder of before lets them read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

OTHERS = 0o077  # every right of group and others
OURS = (
    "admin-password*", "broker", "cashier", "db.sqlite3*", "demo-made", "mail", "outbox", "pictures", "private",
    "run", "run.env", "run.lock", "secret_key*", "site.log*", "static", "static-made", "videos", "work",
)  # fmt: skip


def close(folder: Path) -> list[Path]:
    """Leave what the site keeps in the folder to its owner, and the folder too unless it holds something else.

    Returns what can't be closed. What a closed folder holds nobody else reaches: it is passed by, so that a start
    doesn't look at every film. A folder is closed after its contents, so that a pass that was cut short is made again.
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
            if path.is_symlink() or not mode & OTHERS:  # a link leads to a folder of the operator's
                continue
            if contents and path.is_dir():
                left += _close(path.iterdir())
            path.chmod(mode & 0o7777 & ~OTHERS)
        except FileNotFoundError:  # removed meanwhile
            continue
        except OSError:  # another user's, or on a file system without rights
            left.append(path)
    return left
