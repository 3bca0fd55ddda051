"""Reads the settings' environment: strict where django-environ is lenient."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

KEY_LEAST = 32  # characters of a key that was written whole

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def boolean(name: str, default: bool) -> bool:
    """The variable as a truth value; a word that is neither is an error, not False."""
    raw = env.str(name, default="1" if default else "0").strip().lower()
    if raw in _TRUE:
        return True
    if raw in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is neither true nor false: set it to 1 or 0.")


def integer(name: str, default: int) -> int:
    """The variable as a whole number, not below zero; anything else is an error that names it."""
    raw = env.str(name, default="").strip() or str(default)
    if not (raw.isascii() and raw.isdigit()):
        raise ImproperlyConfigured(f"{name}={raw!r} is no whole number.")
    return int(raw)


def keep_private(*, group_reads: bool) -> int:
    """Let this process make its files for its own user, and the group's eyes where wanted; returns a file's mode.

    A stricter mask that is set already stays.
    """
    mask = 0o027 if group_reads else 0o077
    os.umask(os.umask(mask) | mask)
    return 0o666 & ~mask


def secret_key(data_dir: Path) -> str:
    """SECRET_KEY, or the one kept in the data folder: made at random on first use, or where half of one is kept."""
    key: str = env.str("SECRET_KEY", default="")
    if key:
        return key
    kept = data_dir / "secret_key"
    if kept.exists() and len(kept.read_bytes()) < KEY_LEAST:
        kept.unlink()
    if not kept.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        fresh = data_dir / f"secret_key.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        with fresh.open("w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            kept.hardlink_to(fresh)  # of two processes starting at once, the first one's key stays
        except FileExistsError:
            pass
        fresh.unlink()
    return kept.read_text().strip()


def broker_url(redis_url: str, db: int) -> str:
    """The address of one numbered database of the Redis at `redis_url`, as kombu writes it."""
    if redis_url.startswith("unix://"):
        return f"redis+socket://{redis_url.removeprefix('unix://')}?virtual_host={db}"
    return f"{redis_url.rstrip('/')}/{db}"


def cache_url(redis_url: str, db: int) -> str:
    """The address of one numbered database of the Redis at `redis_url`, as redis-py writes it."""
    if redis_url.startswith("unix://"):
        return f"{redis_url}?db={db}"
    return f"{redis_url.rstrip('/')}/{db}"


def mail_settings(url: str) -> dict[str, Any]:
    """The EMAIL_… settings for `filemail:///folder`, `smtp://`, `smtp+tls://user:password@host:587`, `smtp+ssl://…`."""
    found: dict[str, Any] = environ.Env.email_url_config(url)
    if url.startswith("filemail:"):
        folder = unquote(url.removeprefix("filemail://"))
        return {"EMAIL_BACKEND": "utils.mail.FolderBackend", "MAIL_FOLDER": folder}
    return {"EMAIL_TIMEOUT": 20, **found}
